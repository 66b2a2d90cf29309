"""A Dask cluster on this machine: on the loopback, without pages, and with as many workers as asked for, always."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Set as AbstractSet
from typing import Any

ABSENT = 60.0
"""Seconds that a worker may be away before another is started in its place."""

SETTINGS = {
    "scheduler.allowed-failures": 0,
    "comm.retry.count": 0,
    "deploy.lost-worker-timeout": "1 hour",  # a worker that is slow to restart on a busy machine is not lost
    "worker.memory.target": False,
    "worker.memory.spill": False,
    "worker.memory.pause": False,
    "worker.profile.enabled": False,
}
"""Settings of Dask: what is lost is said at once, for retries are ours; nothing is spilled, paused or profiled."""

LOADED = ("distributed.nanny", "distributed.worker", "market_abm.experiments.work", "pyarrow.parquet")
"""Modules that workers find loaded: on Linux they are forked from a process that has done nothing but import them."""

PAGES = ("scheduler.http.routes", "worker.http.routes")


class Local:
    """A LocalCluster whose workers are replaced when their nanny gives up.

    Dask restarts a worker that dies, but not one that dies while it starts.

    Parameters
    ----------
    workers : int
        Processes.
    memory : int or None
        Bytes that each may use; None takes its share of seven tenths of the machine's.
    dashboard : bool
        Whether Dask's dashboard is served, on the loopback.
    loaded : tuple of str
        Modules that workers need besides the usual ones.
    """

    def __init__(
        self, workers: int, memory: int | None, dashboard: bool, loaded: tuple[str, ...] = ()
    ) -> None:
        import dask
        from distributed import LocalCluster, system

        self.workers = workers
        self.memory = memory or int(0.7 * system.MEMORY_LIMIT / workers)
        dask.config.set({f"distributed.{key}": value for key, value in SETTINGS.items()})
        _fork_from_a_loaded_process((*LOADED, *loaded))
        if not dashboard:
            dask.config.set({f"distributed.{key}": [] for key in PAGES})
        # Started empty: a worker that dies while it starts must not take the cluster with it.
        self.cluster: Any = LocalCluster(
            n_workers=0, threads_per_worker=1, processes=True, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": dashboard},
            memory_limit=self.memory, silence_logs=logging.CRITICAL, death_timeout=ABSENT,
            preload=["market_abm.experiments.engine.quiet"],
        )  # fmt: skip
        self.cluster.scale(workers)
        self._seen: dict[Any, float] = {}

    def replenish(self, there: AbstractSet[Any]) -> None:
        """Start workers in place of those that will not come back.

        Parameters
        ----------
        there : set
            Names of the workers that the scheduler has.
        """
        now = time.monotonic()
        gone = []
        for name, nanny in list(self.cluster.workers.items()):
            given_up = nanny.status.name in ("closed", "failed")
            if name in there:
                self._seen[name] = now
            elif given_up or now - self._seen.setdefault(name, now) > ABSENT:
                gone.append(name)
        if gone:
            self.cluster.loop.add_callback(self._replace, gone)

    def _replace(self, gone: list[Any]) -> None:
        for name in gone:
            self.cluster.worker_spec.pop(name, None)
            self._seen.pop(name, None)
        self.cluster.scale(self.workers)

    def close(self, timeout: float) -> None:
        """Stop everything."""
        self.cluster.close(timeout=timeout)


def _fork_from_a_loaded_process(modules: tuple[str, ...]) -> None:
    """Workers start, and start again, in a fraction of a second; elsewhere they are spawned and import everything."""
    if sys.platform != "linux":
        return
    from multiprocessing import forkserver, get_context

    import dask

    before = dict(os.environ)
    # What Dask sets for workers must be there when numerical libraries load: one thread each, none in what is forked.
    given = dask.config.get("distributed.nanny.pre-spawn-environ")
    os.environ.update({name: str(value) for name, value in given.items() if name not in before})
    get_context("forkserver").set_forkserver_preload(list(modules))
    try:
        forkserver.ensure_running()
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
    dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
