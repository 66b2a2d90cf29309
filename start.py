"""Set up the project's own environment, then run a command in it.

    python start.py market-abm run colossus-lease
    python start.py --dev pytest -n auto --dist worksteal

The first call makes ``.venv`` with the Python of ``.python-version`` and installs the versions of
``constraints.txt`` into it; later calls find it ready. ``--dev`` adds what the tests need. Any Python from
3.8 on can run this file: uv finds (or fetches) the one that the project runs on.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXE = ".exe" if os.name == "nt" else ""


for name in ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS"):  # behind a proxy only the system knows whom to trust
    os.environ.setdefault(name, "true")
os.environ.setdefault("UV_HTTP_RETRIES", "8")  # a network that is busy for a moment


def works(command):
    """Whether a command can be started and says that all is well."""
    try:
        return subprocess.run([*command, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def uv():
    """The uv command: the one on PATH, that of this Python, or a private copy in ``.uv``."""
    here = ROOT / ".uv" / "bin" / ("uv" + EXE)
    found = shutil.which("uv")
    for command in ([found] if found else None, [sys.executable, "-m", "uv"], [str(here)]):
        if command and works(command):
            return command
    # Into a folder of our own: also a Python that its system manages allows that.
    run([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(here.parents[1]), "uv"])
    return [str(here)]


def run(command):
    """Run one step of the set-up; stop with its code when it fails."""
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        sys.exit("start.py: " + " ".join(command) + " ended with code " + str(code))


def make_venv(tool):
    """A bare environment: the Python of ``.python-version``, a later one that is here, or a fetched one."""
    python = (ROOT / ".python-version").read_text().strip()
    make = [*tool, "venv", "--quiet", str(VENV)]
    for choice in (python, ">=" + python):
        found = [*make, "--no-python-downloads", "--python", choice]
        if subprocess.run(found, cwd=ROOT, capture_output=True, check=False).returncode == 0:
            return
    if subprocess.run([*make, "--python", python], cwd=ROOT, check=False).returncode:
        sys.exit(
            "start.py: no Python " + python + " is here and none could be fetched; install one, then retry"
        )


def set_up(dev):
    """Make the environment, unless it is there and up to date."""
    inputs = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    want = hashlib.sha256(inputs).hexdigest()
    stamps = {level: VENV / (".installed-" + level) for level in ("run", "dev")}
    levels = ("dev",) if dev else ("run", "dev")
    if any(stamps[level].is_file() and stamps[level].read_text() == want for level in levels):
        return
    print("start.py: setting up " + str(VENV), file=sys.stderr, flush=True)
    tool = uv()
    if not works([str(BIN / ("python" + EXE))]):
        make_venv(tool)
    target = ".[dev,viz,discovery,docs]" if dev else "."
    pins = str(ROOT / "constraints.txt")
    run(
        [
            *tool,
            "pip",
            "install",
            "--quiet",
            "--python",
            str(VENV),
            "--constraint",
            pins,
            "--editable",
            target,
        ]
    )
    stamps["dev" if dev else "run"].write_text(want)


def main(words):
    """Set up, then hand over to the command."""
    dev = words[:1] == ["--dev"]
    command = words[1:] if dev else words
    if not command:
        sys.exit(__doc__)
    set_up(dev)
    environment = dict(
        os.environ, VIRTUAL_ENV=str(VENV), PATH=str(BIN) + os.pathsep + os.environ.get("PATH", "")
    )
    environment.pop("PYTHONHOME", None)
    inside = BIN / (command[0] + EXE)
    program = [str(inside) if inside.exists() else command[0], *command[1:]]
    try:
        return subprocess.run(program, env=environment, check=False).returncode
    except FileNotFoundError:
        sys.exit("start.py: there is no command " + repr(command[0]) + " in " + str(BIN))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
