"""The headline under several calibrations: does it hang on which of two equally good fits is taken?

Parameters that say how firms behave (elasticity, adjustment costs) are carried from the fit of 2023 to the worlds
of 2026; growth rates belong to their time and are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.headline import MEASURES, headline_of
from market_abm.experiments.calibration import parameter_paths, set_values
from market_abm.experiments.replicate import as_scenario, replicate
from market_abm.experiments.search import Calibration

if TYPE_CHECKING:
    import pandas as pd

    from market_abm.scenario import Scenario


def headline_under(
    pair: tuple[Scenario | str, Scenario | str], found: Mapping[int, Calibration], seeds: Sequence[int]
) -> tuple[pd.DataFrame, str]:
    """The three headline measures with the lasting parameters of each calibration.

    Returns
    -------
    DataFrame
        measure, unit, a column a calibration (mean over seeds), same_sign: whether they say the same.
    str
        A sentence: whether all are of one sign, or which are not.
    """
    import pandas as pd

    worlds = as_scenario(pair[0]), as_scenario(pair[1])
    subject = headline_of(*worlds, replicate(worlds[1], seeds))
    columns = {}
    for seed, item in found.items():
        values = {p: v for p, v in zip(item.parameters, item.best) if p.lasting}
        paths = parameter_paths(worlds[1], values)
        held = [
            set_values(world, values, {key: _inside(world, path) for key, path in paths.items()})[0]
            for world in worlds
        ]
        columns[seed] = [subject.measured(held[0], held[1], run) for run in seeds]
    rows = []
    for measure, (_, unit, turn) in MEASURES.items():
        means = [float(np.nanmean([value[measure] for value in item])) for item in columns.values()]
        sides = {bool(mean >= turn) if turn > 0 else float(np.sign(mean)) for mean in means}
        named = {f"calibration_{seed}": mean for seed, mean in zip(columns, means)}
        rows.append({"measure": subject.label(measure), "unit": unit, **named, "same_sign": len(sides) == 1})
    table = pd.DataFrame(rows)
    differ = list(table.loc[~table["same_sign"], "measure"])
    if not differ:
        return (
            table,
            f"All {len(rows)} headline measures have the same sign under the {len(columns)} calibrations.",
        )
    return table, f"Under the {len(columns)} calibrations the sign differs of: {'; '.join(differ)}."


def _inside(world: Scenario, paths: Sequence[str]) -> tuple[str, ...]:
    """Paths that a world has: contracts differ between the two."""
    from market_abm.scenario.draw import numbers

    known = {item.path for item in numbers(world)}
    return tuple(path for path in paths if path in known)
