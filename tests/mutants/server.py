"""Runs pytest in forks of a process that has the heavy libraries and the warm kernel in memory already.

Started in a copy of the tree as ``python -m tests.mutants.server FILES``, the tests to come. A line of JSON on
standard input asks for tests (``tests``, ``limit`` seconds); the answer is a line with pytest's exit code (null
where the limit was passed) and what it said. Whatever can be mutated is imported anew in every fork.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
import traceback
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tests.mutants import plugin

HEAVY = (
    "numpy",
    "scipy.optimize",
    "scipy.sparse",
    "scipy.stats",
    "networkx",
    "hypothesis",
    "pytest",
)
KEPT = (
    "market_abm.units",
    "market_abm.rng",
    "market_abm.elementary",
    "market_abm.market.kernel",
    "tests.mutants",
)
"""Modules that no mutant can touch: they stay in memory, compiled kernel included."""

BROKEN = 70
"""Exit code where pytest did not get to an end of its own."""

FLAGS = (
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
    "-q",
    "-x",
    "-p",
    "tests.mutants.plugin",
    "-p",
    "_hypothesis_pytestplugin",
    "-p",
    "no:cacheprovider",
    "--hypothesis-seed=0",
    "--no-header",
)


def warm() -> None:
    """Import what is dear, let the kernel compile or load, and forget whatever could be mutated."""
    for name in HEAVY:
        import_module(name)
    if find_spec("market_abm.market.kernel") is None:  # a small tree of a test
        return
    market = import_module("market_abm.market")
    problem = market.TradeProblem([2.0, 3.0], [1.0, 1.0], [[2.0], [4.0]], [[9.0], [5.0]])
    allocation = market.clear(problem)
    market.marginal_contributions(allocation)
    market.competitive_interval(allocation)
    market.withdraw(allocation, 0, 1.0)
    market.bargain(problem, allocation)
    market.replacement_loss(allocation)
    forget()


def forget() -> None:
    """Take out of memory what could be mutated and whatever has imported it."""
    for name in list(sys.modules):
        ours = name == "market_abm" or name.startswith(("market_abm.", "tests."))
        if ours and not name.startswith(KEPT):
            del sys.modules[name]


def child(tests: list[str], said: str) -> int:
    """Run the tests in this process, a fork; its output goes to a file."""
    os.setsid()
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    import pytest

    return int(pytest.main([*FLAGS, *tests], plugins=[plugin]))


def answer(asked: dict[str, Any], said: str) -> dict[str, Any]:
    """Fork, wait no longer than the limit, and say what became of it."""
    sys.stdout.flush()
    fork = os.fork()
    if fork == 0:
        code = BROKEN
        try:
            code = child(asked["tests"], said)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    until = time.monotonic() + asked["limit"]
    while time.monotonic() < until:
        done, status = os.waitpid(fork, os.WNOHANG)
        if done:
            with open(said, encoding="utf-8", errors="replace") as file:
                return {"code": os.waitstatus_to_exitcode(status), "said": file.read()}
        time.sleep(0.01)
    os.killpg(fork, signal.SIGKILL)
    os.waitpid(fork, 0)
    return {"code": None, "said": ""}


def main() -> None:
    """Answer line by line until standard input ends."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    warm()
    with tempfile.TemporaryDirectory(prefix="mutants-said-") as folder:
        # Bytecode of the tests and of the unchanged package is written once; mutants are read from their text.
        sys.dont_write_bytecode = False
        answer({"tests": ["--collect-only", *sys.argv[1:]], "limit": 600.0}, os.path.join(folder, "said.txt"))
        sys.dont_write_bytecode = True
    print(json.dumps({"ready": True}), flush=True)
    with tempfile.TemporaryDirectory(prefix="mutants-said-") as folder:
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line), os.path.join(folder, "said.txt"))), flush=True)


if __name__ == "__main__":
    main()
