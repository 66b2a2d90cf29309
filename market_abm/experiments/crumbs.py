"""What a process leaves behind when it dies or hangs: its run, its quarter, and where it was."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from market_abm.experiments.store.folder import WORKERS
from market_abm.experiments.store.journal import unwritable

STAGES = {
    "compile_world": "opening", "take_effect": "0 shocks and policy", "arrive": "1 capacity arrives",
    "_contracts": "2 contracts", "_bids": "3 demand", "_allocate": "4 allocation", "_bargain": "5 bargaining",
    "_deliver": "6 spot and 7 delivery", "use_compute": "8 use of compute",
    "product_quarter": "9 product market", "_build": "10 building and finance",
    "_entry": "11 entry and 12 rewiring", "survey": "13 measurement",
}  # fmt: skip
"""Stage of a quarter by the function that does it, as tracebacks name it."""


def stage_of(functions: list[str]) -> str:
    """Stage of the quarter in which a call was, by the names of its functions; empty where unknown."""
    return next((STAGES[name] for name in reversed(functions) if name in STAGES), "")


class Crumb:
    """A file that says which run and quarter a process is in; it survives the process.

    Attributes
    ----------
    quarter : str
        Of the last note.
    """

    def __init__(self, path: Path, begin: Callable[[], None]) -> None:
        self.quarter, self._begin = "", begin
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)

    def __call__(self, key: str, quarter: str) -> None:
        """Note a run and a quarter; a run begins without a quarter."""
        self.quarter = quarter
        if not quarter:
            self._begin()
        with contextlib.suppress(OSError):  # a full disk must not end a run
            os.pwrite(self._handle, f"{key:<32} {quarter:<8}\n".encode(), 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


STUCK = 1.08
"""Multiple of the patience after which a run that lets no other thread in is looked at from outside."""


class Watch(threading.Thread):
    """Writes down where a run is that takes longer than it should.

    A thread that looks at others while they stand still: faulthandler's own timer looks while they run, and can
    end the process by doing so. It is kept for code that holds the interpreter's lock, where all others do stand still.

    Parameters
    ----------
    patience : float
        Seconds from the beginning of a run.
    file : text file
        Where to write.
    """

    def __init__(self, patience: float, file: TextIO) -> None:
        super().__init__(name="watch", daemon=True)
        self.patience, self._file = patience, file
        self._until: float | None = None
        self._ended, self._lock = threading.Event(), threading.Lock()

    def begin(self) -> None:
        """A run begins."""
        with self._lock:
            self._until = time.monotonic() + self.patience
            faulthandler.dump_traceback_later(STUCK * self.patience, exit=False, file=self._file)

    def run(self) -> None:
        """Look at the time, until the chunk ends."""
        while not self._ended.wait(self._look()):
            pass

    def _look(self) -> float:
        """Write if it is time; seconds until the next look."""
        with self._lock:
            left = self.patience if self._until is None else self._until - time.monotonic()
            if left > 0:
                return left
            faulthandler.cancel_dump_traceback_later()
            self._file.write("Timeout (Python)\n")
            self._file.flush()
            faulthandler.dump_traceback(self._file)
            self._until = None
            return self.patience

    def end(self) -> None:
        """No more runs."""
        self._ended.set()
        self.join()
        faulthandler.cancel_dump_traceback_later()


class crumbs:
    """Notes of a chunk, and a file for the stack of a process that dies or hangs.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    patience : float
        Seconds after which a stuck run writes down where it is; 0 never.
    """

    def __init__(self, folder: Path, patience: float) -> None:
        name = f"{socket.gethostname()}-{os.getpid()}"
        self.patience = patience
        self.crumb_path, self.stack_path = (folder / WORKERS / f"{name}.{end}" for end in ("run", "stack"))

    def __enter__(self) -> Crumb:
        try:
            self.stack = open(self.stack_path, "w")
            self.watch = Watch(self.patience, self.stack) if self.patience > 0 else None
            self.crumb = Crumb(self.crumb_path, self.watch.begin if self.watch else lambda: None)
        except OSError as error:
            raise unwritable(self.crumb_path, error) from None
        self.before = faulthandler.is_enabled()
        faulthandler.enable(self.stack)
        if self.watch:
            self.watch.start()
        return self.crumb

    def __exit__(self, *_: object) -> None:
        if self.watch:
            self.watch.end()
        faulthandler.disable()
        if self.before:
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                faulthandler.enable()
        self.crumb.close()
        self.stack.close()
        for path in (self.crumb_path, self.stack_path):
            path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Trace:
    """What a process left behind: key of its run, quarter, stage, first line of a fatal error."""

    key: str = ""
    quarter: str = ""
    stage: str = ""
    fatal: str = ""


def trace_of(folder: str | Path, host: str, pid: int) -> Trace:
    """Read what a process left behind; empty where it left nothing."""
    place = Path(folder) / WORKERS
    try:
        words = (place / f"{host}-{pid}.run").read_text(encoding="utf-8").split()
        text = (place / f"{host}-{pid}.stack").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Trace()
    text = text[max(text.rfind("Timeout ("), 0) :]  # of the last run that was slow
    fatal = re.search(r"^Fatal Python error: (.*)$", text, re.M)
    names = re.findall(r'File ".*", line \d+ in (\S+)', text)
    return Trace(
        key=words[0] if words else "",
        quarter=words[1] if len(words) > 1 else "",
        stage=stage_of(list(reversed(names))),
        fatal=fatal[1].strip() if fatal else "",
    )
