"""`--help` and `validate` are quick because they load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("mesa", "numba", "pandas", "scipy", "plotly", "pyarrow", "networkx")

PROGRAM = """
import sys
sys.argv = ["market-abm", *{arguments!r}]
from market_abm.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
print("LOADED", code, sorted(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["run", "--help"], 0),
        (["--version"], 0),
        (["validate", "bilateral-monopoly"], 0),
        (["validate", "no-such-world"], 2),
        (["scenarios", "--json"], 0),
        (["show", "bilateral-monopoly"], 0),
        (["diff", "bilateral-monopoly", "lone-lessor"], 0),
        (["columns"], 0),
    ],
)
def test_light_commands_load_nothing_heavy(arguments, code):
    program = PROGRAM.format(arguments=arguments, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert f"LOADED {code} []" in done.stderr, done.stderr


def test_the_package_and_the_market_alone_load_nothing_heavy():
    program = f"import sys, market_abm, market_abm.market; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
