"""Runs on a Dask cluster: one chunk a worker at a time, so that it is always known who was doing what.

Dask alone takes four attempts at a task that kills its worker and can take neighbours along. Here every
chunk is bound to one worker and never repeated by Dask; a worker that dies or hangs costs its own chunk, whose
suspect run is tried again alone.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.experiments.crumbs import trace_of
from market_abm.experiments.engine.backlog import Backlog
from market_abm.experiments.engine.local import Local
from market_abm.experiments.engine.slot import Slot
from market_abm.experiments.plan import Run
from market_abm.experiments.pool import count_of
from market_abm.experiments.store import parts
from market_abm.experiments.work import Job, Report, prepare, work
from market_abm.results.store import StoreError

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK = 1.0
"""Seconds between looks at who is there."""

ALONE = 300.0
"""Seconds without any worker after which the sweep gives up."""

FETCH = 5.0
"""Seconds to wait for what a finished task returned: it stays with its worker, and may be lost there."""

LOST = ("KilledWorker", "CancelledError", "FutureCancelledError")
"""What Dask says of a task whose worker is gone."""


class ClusterError(RuntimeError):
    """A scheduler that is gone, or no worker to be had; what is stored stays."""


class Cluster:
    """A local Dask cluster, or somebody's.

    Parameters
    ----------
    scheduler : str, optional
        Address of an existing scheduler.
    workers : int, optional
        Processes of a local cluster; default one a core.
    memory : int, optional
        Bytes a local worker may use; default its share of seven tenths of the machine's.
    dashboard : bool
        Whether a local cluster serves Dask's dashboard (on loopback).
    loaded : tuple of str
        Modules that workers of a local cluster find loaded.
    """

    def __init__(
        self,
        scheduler: str | None = None,
        workers: int | None = None,
        memory: int | None = None,
        dashboard: bool = False,
        loaded: tuple[str, ...] = (),
    ) -> None:
        self.scheduler, self.workers, self.dashboard = scheduler, workers or count_of(None), dashboard
        self.memory, self.loaded = memory, loaded
        self.link = ""
        self._client: Client | None = None
        self._local: Local | None = None
        self._slots: dict[str, Slot] = {}
        self._away: set[str] = set()
        self._events: queue.SimpleQueue[Future | None] = queue.SimpleQueue()
        self._names = itertools.count()
        self._looked = 0.0
        self._prepared: tuple[Any, ...] = ()

    # ---- start and end

    def __enter__(self) -> Cluster:
        from distributed import Client

        for name in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            if self.scheduler is None:
                self._local = Local(self.workers, self.memory, self.dashboard, self.loaded)
                self.memory = self._local.memory
            target = self.scheduler if self._local is None else self._local.cluster.scheduler_address
            self._client = Client(target, timeout=30, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            self.__exit__()
            why = " ".join(str(error).split())[:200]
            raise ClusterError(f"no scheduler answers at {self.scheduler} ({why}); is it running?") from None
        if self.dashboard:
            self.link = self._client.dashboard_link
        return self

    def __exit__(self, *_: object) -> None:
        for close in (self._client and self._client.close, self._local and self._local.close):
            if close:
                try:
                    close(timeout=10)
                except Exception:  # on its way out: nothing left to save
                    logging.getLogger(__name__).debug("closing", exc_info=True)
        self._client = self._local = None

    # ---- work

    def reports(
        self,
        backlog: Backlog,
        job_of: Callable[[tuple[Run, ...], float], Job],
        stopping: Callable[[], bool],
        folder: Path,
        token: str,
        fingerprint: str,
    ) -> Iterator[Report | str]:
        """Work through a backlog; yields reports, and warnings as text.

        Parameters
        ----------
        job_of : callable
            Job of a chunk of runs with the seconds after which a stuck run writes down where it is.
        token : str
            File in the folder that a worker must see.

        Raises
        ------
        ClusterError
            When the scheduler is gone, or nobody has been there to work for long.
        StoreError
            When a worker cannot write the folder.
        """
        self._prepared = (str(folder), fingerprint, token, self.memory if self._local else None)
        started, told = time.monotonic(), False
        while len(backlog) or any(slot.runs for slot in self._slots.values()):
            yield from self._look(backlog, folder)
            if stopping() and not any(slot.runs for slot in self._slots.values()):
                return
            if not stopping():
                self._hand_out(backlog, job_of)
            elif not told:
                told = True
                yield "finishing the runs that are under way; Ctrl-C once more stops at once"
            if self._slots or self._away:
                started = time.monotonic()
            elif time.monotonic() - started > ALONE:
                raise ClusterError(f"no worker for {ALONE:g} s")
            try:
                future = self._events.get(timeout=0.2)
            except queue.Empty:
                continue
            if future is not None:
                yield from self._finished(future, backlog, folder)

    def _hand_out(self, backlog: Backlog, job_of: Callable[[tuple[Run, ...], float], Job]) -> None:
        for slot in self._slots.values():
            if slot.ready and slot.future is None and len(backlog):
                slot.runs = backlog.take(len(self._slots))
                slot.job = job_of(slot.runs, 0.9 * backlog.run_limit())
                slot.since, slot.run = time.monotonic(), ""
                slot.future = self._submit(slot.address, work, slot.job)

    def _submit(self, address: str, call: Callable[..., Any], *arguments: Any) -> Future:
        assert self._client is not None
        future = self._client.submit(
            call, *arguments, workers=[address], allow_other_workers=False, pure=False, retries=0,
            key=f"market-abm-{os.getpid()}-{next(self._names)}",
        )  # fmt: skip
        future.add_done_callback(self._events.put)
        return future

    def _finished(self, future: Future, backlog: Backlog, folder: Path) -> Iterator[Report | str]:
        slot = next((item for item in self._slots.values() if item.future is future), None)
        if slot is None:  # of a worker that was given up
            return
        try:
            found = future.result(timeout=FETCH)
        except TimeoutError:  # perhaps the worker died with it: the next look says so, and finds its part
            self._events.put(future)
            return
        except Exception as error:
            if isinstance(error, StoreError):
                raise
            if type(error).__name__ not in LOST:
                raise ClusterError(f"a worker failed: {error!r}") from None
            del self._slots[slot.address]
            yield from self._given_up(slot, backlog, folder, hung=False)
            return
        slot.future = None
        if isinstance(found, dict):
            if found["problem"]:
                raise StoreError(found["problem"])
            slot.host, slot.pid, slot.ready = found["host"], found["pid"], True
            return
        backlog.learn(len(found.done) + len(found.failures), found.seconds)
        slot.runs, slot.job = (), None
        yield found

    def _given_up(self, slot: Slot, backlog: Backlog, folder: Path, hung: bool) -> Iterator[Report]:
        """A worker that is no more, or is about to be: what became of its chunk."""
        if slot.job is None:
            return
        written = parts.keys_of(folder, slot.job.name)
        if written:  # it got as far as its part, and did not live to tell
            yield Report(slot.job.name, [(key, 0.0, None) for key in written])
            left = tuple(run for run in slot.runs if run.key not in set(written))
            backlog.give_back(left)
            return
        trace = trace_of(folder, slot.host, slot.pid)
        yield Report(failures=backlog.lost(slot.runs, trace, hung))

    def _look(self, backlog: Backlog, folder: Path) -> Iterator[Report | str]:
        """Who has come, who is gone, who is late."""
        assert self._client is not None
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        limit = backlog.run_limit()
        for slot in [item for item in self._slots.values() if item.hangs(folder, limit)]:
            del self._slots[slot.address]
            yield from self._given_up(slot, backlog, folder, hung=True)
            yield from self._restart(slot)
        info = self._workers()
        if self._local is not None:
            self._local.replenish({item["name"] for item in info.values()})
        there = set(info)
        for address in sorted(set(self._slots) - there):
            slot = self._slots.pop(address)
            yield from self._given_up(slot, backlog, folder, hung=False)
        for address in sorted(there - set(self._slots) - self._away):
            self._slots[address] = Slot(address, future=self._submit(address, prepare, *self._prepared))

    def _workers(self) -> dict[str, Any]:
        """Workers that the scheduler has, by address."""
        assert self._client is not None
        if self._client.status != "running":
            raise ClusterError("the scheduler is gone")
        try:
            return dict(self._client.scheduler_info()["workers"])
        except Exception:
            raise ClusterError("the scheduler is gone") from None

    def _restart(self, slot: Slot) -> Iterator[str]:
        """End a worker that hangs; its nanny starts another."""
        assert self._client is not None
        client = self._client
        self._away.add(slot.address)
        if slot.future is not None:
            slot.future.cancel(force=True)

        def restart() -> None:
            try:
                client.restart_workers([slot.address], timeout=60, raise_for_error=False)
                self._away.discard(slot.address)
            except Exception:  # no nanny: that worker stays away for good
                logging.getLogger(__name__).debug("restart", exc_info=True)
            self._events.put(None)

        threading.Thread(target=restart, daemon=True).start()
        yield f"worker {slot.address} hangs and is restarted"
