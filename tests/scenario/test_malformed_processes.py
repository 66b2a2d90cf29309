"""A sample of the malformed files through the command, each as a process of its own."""

from __future__ import annotations

import re
import resource
import subprocess
import sys

import pytest

from .malformed import malformed

CASES = malformed(300)
SAMPLE = range(3, len(CASES), 25)


@pytest.mark.parametrize("number", SAMPLE, ids=lambda n: f"{n:03d} {CASES[n].kind}")
def test_the_command_ends_with_code_2_and_a_line_number(number, tmp_path):
    path = CASES[number].write(tmp_path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "market_abm.cli", "validate", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = done.stdout + done.stderr
    assert done.returncode == 2
    assert re.search(r"\w\.ya?ml:\d+:\d+: ", said.replace("\n", ""))
    assert "Traceback" not in said
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{took:.2f} s of processor time")  # the two seconds on the wall are measured by .ci/long/malformed


def test_a_sound_file_ends_with_code_0():
    done = subprocess.run(
        [sys.executable, "-m", "market_abm.cli", "validate", "two-clouds-three-labs"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
