"""The results of one or more runs of a scenario: tables, setting, and who is a chokepoint."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from market_abm.results.dictionary import EXTRA, TABLES, names
from market_abm.results.setting import Setting

if TYPE_CHECKING:
    import pandas as pd

    from market_abm.scenario import Scenario

GRADES = ("none", "watch", "chokepoint", "critical")
"""Grades on the market level, from harmless to grave."""


class Result:
    """Tables of one or more seeds of one scenario.

    Every table is headed by ``scenario, seed, quarter``; columns are in the data dictionary.

    Attributes
    ----------
    steps, firms, links, contracts, events, decisions : DataFrame
        One row a quarter; a firm; a supplier-buyer pair; a contract; an event; a decision.
    measures : DataFrame
        One row a measure that a third party registered.
    setting : Setting
        What was run.
    failures : tuple of dict
        Seeds that did not finish: ``seed``, ``error``.
    timings : mapping
        Seconds by part of the work; never part of a comparison.
    """

    def __init__(
        self,
        setting: Setting,
        tables: Mapping[str, pd.DataFrame],
        failures: tuple[Mapping[str, Any], ...] = (),
        timings: Mapping[str, float] | None = None,
    ) -> None:
        missing = [name for name in TABLES if name not in tables]
        if missing:
            raise ValueError(f"tables missing: {', '.join(missing)}")
        self.setting = setting
        self.tables = {name: tables[name] for name in (*TABLES, *EXTRA) if name in tables}
        self.failures = tuple(failures)
        self.timings = dict(timings or {})
        self._graded: pd.DataFrame | None = None

    def __repr__(self) -> str:
        seeds = f"seed {self.seeds[0]}" if len(self.seeds) == 1 else f"{len(self.seeds)} seeds"
        return f"<Result of {self.setting.name}: {seeds}, {len(self.quarters)} quarters>"

    @property
    def steps(self) -> pd.DataFrame:
        """One row a quarter."""
        return self.tables["steps"]

    @property
    def firms(self) -> pd.DataFrame:
        """One row a quarter and firm."""
        return self.tables["firms"]

    @property
    def links(self) -> pd.DataFrame:
        """One row a quarter and supplier-buyer pair."""
        return self.tables["links"]

    @property
    def contracts(self) -> pd.DataFrame:
        """One row a quarter and contract."""
        return self.tables["contracts"]

    @property
    def events(self) -> pd.DataFrame:
        """One row an event."""
        return self.tables["events"]

    @property
    def decisions(self) -> pd.DataFrame:
        """One row a decision, with the next best option."""
        return self.tables["decisions"]

    @property
    def measures(self) -> pd.DataFrame:
        """One row a quarter and measure that a third party registered; without rows where there was none."""
        if "measures" in self.tables:
            return self.tables["measures"]
        import pandas as pd

        return pd.DataFrame(columns=list(names("measures")))

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Seeds that finished, in the order of the tables."""
        return tuple(int(seed) for seed in dict.fromkeys(self.steps["seed"]))

    @property
    def seed(self) -> int:
        """The seed of a single run.

        Raises
        ------
        ValueError
            When there are several; use ``seeds`` or ``of(seed)``.
        """
        if len(self.seeds) != 1:
            raise ValueError(
                f"there are {len(self.seeds)} seeds here; use .seeds, or .of(seed) for one of them"
            )
        return self.seeds[0]

    @cached_property
    def quarters(self) -> tuple[str, ...]:
        """Quarters recorded, in order."""
        return tuple(dict.fromkeys(self.steps["quarter"]))

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario that was run, from its text.

        Raises
        ------
        ValueError
            When the results were anonymised and hold no text.
        """
        if not self.setting.text:
            raise ValueError("anonymised results do not hold the text of their scenario")
        from market_abm.scenario.tree import parse
        from market_abm.scenario.validate import build

        return build(parse(self.setting.text, self.setting.name), self.setting.lineage)

    def of(self, seed: int) -> Result:
        """The part of one seed.

        Raises
        ------
        KeyError
            When that seed did not run.
        """
        if seed not in self.seeds:
            raise KeyError(f"no seed {seed} here; seeds: {', '.join(str(item) for item in self.seeds)}")
        tables = {
            name: table[table["seed"] == seed].reset_index(drop=True) for name, table in self.tables.items()
        }
        return Result(self.setting, tables, self.failures, self.timings)

    def chokepoints(self) -> pd.DataFrame:
        """Who is a chokepoint, on both levels; a row for every owner or relation ever graded or watched.

        Returns
        -------
        DataFrame
            level (market, relation), supplier, buyer (empty on the market level), grade (the gravest
            reached), quarters (graded chokepoint or critical, median over seeds), quarters_critical,
            quarters_watch, seeds (in which it was graded at least once), share_of_seeds. Most often first.
        """
        if self._graded is None:
            self._graded = self._chokepoints()
        return self._graded.copy()

    def _chokepoints(self) -> pd.DataFrame:
        import pandas as pd

        market = self.firms.loc[self.firms["grade"] != "", ["seed", "quarter", "owner", "grade"]]
        market = market.assign(rank=market["grade"].map(GRADES.index).astype("int64"), buyer="")
        market = market.groupby(["seed", "quarter", "owner", "buyer"])[["rank"]].max().reset_index()
        market = market.rename(columns={"owner": "supplier"}).assign(level="market")
        pair = self.links.loc[self.links["relation_chokepoint"], ["seed", "quarter", "supplier", "buyer"]]
        pair = pair.assign(rank=GRADES.index("chokepoint"), level="relation")
        return _counted(pd.concat([market[market["rank"] > 0], pair], ignore_index=True), len(self.seeds))


def _counted(graded: pd.DataFrame, seeds: int) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for key, group in graded.groupby(["level", "supplier", "buyer"], sort=True):
        row = dict(zip(("level", "supplier", "buyer"), key))
        row["grade"] = GRADES[int(group["rank"].max())]
        for name, hit in (
            ("quarters", group["rank"] >= 2),
            ("quarters_critical", group["rank"] == 3),
            ("quarters_watch", group["rank"] == 1),
        ):
            counts = np.zeros(seeds)
            found = group.loc[hit].groupby("seed").size().to_numpy()
            counts[: len(found)] = found
            row[name] = float(np.median(counts))
        hits = int(group.loc[group["rank"] >= 2, "seed"].nunique())
        row |= {"seeds": hits, "share_of_seeds": hits / seeds}
        rows.append(row)
    names = ["level", "supplier", "buyer", "grade", "quarters", "quarters_critical", "quarters_watch"]
    table = pd.DataFrame(rows, columns=[*names, "seeds", "share_of_seeds"])
    order = ["level", "share_of_seeds", "quarters", "quarters_watch", "supplier", "buyer"]
    return table.sort_values(order, ascending=[True, False, False, False, True, True], ignore_index=True)
