"""A worker that dies between finishing a chunk and handing over what it returned: Dask waits for it without end."""

from __future__ import annotations

from market_abm.experiments.engine.backlog import Backlog
from market_abm.experiments.engine.cluster import Cluster
from market_abm.experiments.engine.slot import Slot
from market_abm.experiments.plan import Run
from market_abm.experiments.store import parts
from market_abm.experiments.sweep import Options, sweep
from market_abm.experiments.work import Job
from tests.experiments.sweeping import toys


class Late:
    """A task that has finished and whose result is nowhere."""

    status = "finished"
    asked: float | None = None

    def result(self, timeout=None):
        """Waits as long as it may."""
        self.asked = timeout
        raise TimeoutError


class Gone(Late):
    """A task of which Dask says that its worker is gone."""

    def result(self, timeout=None):
        """Says so."""
        from distributed.client import FutureCancelledError

        raise FutureCancelledError("key", "lost dependencies")


def engine(future, folder, name, runs):
    """A cluster in which one worker has done a chunk; nothing is started."""
    cluster = Cluster(workers=1)
    job = Job(str(folder), "", name, runs, {})
    cluster._slots["here"] = Slot("here", ready=True, future=future, runs=runs, job=job)
    return cluster


def test_a_result_that_does_not_come_is_asked_for_again_and_never_without_end(tmp_path):
    future, runs = Late(), (Run(0, 1, "a" * 32),)
    cluster = engine(future, tmp_path, "part", runs)
    assert list(cluster._finished(future, Backlog([]), tmp_path)) == []
    assert future.asked is not None and future.asked < 60.0
    assert cluster._events.get_nowait() is future
    assert "here" in cluster._slots  # whether its worker lives, the next look says


def test_the_part_of_a_lost_result_counts(tmp_path):
    """What had been written before the worker died is not done twice."""
    folder = tmp_path / "s"
    sweep(toys.toy(2, 2), folder, model=toys.Toy, options=Options(workers=0))
    name = "11111111-00000000"
    tables = next(folder.glob("tables-*"))
    tables.rename(folder / "parts" / name)
    keys = parts.keys_of(folder, name)
    runs = tuple(Run(0, seed, key) for seed, key in enumerate(keys))
    future, backlog = Gone(), Backlog([])
    cluster = engine(future, folder, name, runs)
    [report] = list(cluster._finished(future, backlog, folder))
    assert [key for key, _, _ in report.done] == list(keys) and not report.failures
    assert not len(backlog) and not cluster._slots
