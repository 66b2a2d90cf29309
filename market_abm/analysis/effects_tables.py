"""Effects of factors in words and as tables."""

from __future__ import annotations

from collections.abc import Sequence

from market_abm.analysis.effects import Effect
from market_abm.analysis.table import Column, Table


def sentences(found: Sequence[Effect]) -> list[str]:
    """The largest effect on each output, and whether the scenario's effect keeps its sign."""
    said = []
    for output in dict.fromkeys(item.output for item in found):
        mine = [item for item in found if item.output == output]
        averaged = [item for item in mine if not item.where]
        largest = max(averaged, key=lambda item: abs(item.value))
        clear = "" if largest.sign else ", which cannot be told from zero"
        said.append(
            f"{output}: the largest average effect is that of {largest.factor} {largest.level} against "
            f"{largest.against}, {largest.value:+.4g} ({_band(largest)}) on {largest.base:.4g}{clear}."
        )
        said += _signs([item for item in mine if item.where])
    return said


def _signs(cells: Sequence[Effect]) -> list[str]:
    said = []
    for level in dict.fromkeys(item.level for item in cells):
        mine = [item for item in cells if item.level == level]
        up, down = [item for item in mine if item.sign > 0], [item for item in mine if item.sign < 0]
        head = f"{mine[0].output}, {level} against {mine[0].against}"
        if up and down:
            said.append(
                f"{head}: the effect changes its sign. It is positive at {_cells(up)} and negative at {_cells(down)}; at "
                f"{len(mine) - len(up) - len(down)} of {len(mine)} other values it cannot be told from zero."
            )
        elif up or down:
            told = up or down
            said.append(
                f"{head}: the effect is {'positive' if up else 'negative'} at {len(told)} of {len(mine)} values of the "
                "other factors and cannot be told from zero at the rest: no change of sign is shown."
            )
        else:
            said.append(f"{head}: the effect cannot be told from zero anywhere in the design.")
    return said


def _cells(items: Sequence[Effect], most: int = 3) -> str:
    named = ["; ".join(f"{name} {value}" for name, value in item.where.items()) for item in items[:most]]
    return " / ".join(named) + (f" and {len(items) - most} more" if len(items) > most else "")


def _band(item: Effect) -> str:
    return f"95 % {item.low:+.4g} to {item.high:+.4g}"


def tables(found: Sequence[Effect]) -> tuple[Table, ...]:
    """A table an output."""
    columns = (
        Column("factor", "Factor"), Column("level", "Level"), Column("against", "Against"), Column("where", "Where"),
        Column("base", "Mean there", "number"), Column("value", "Difference", "signed_level", ""),
        Column("low", "2.5 %", "signed_level", ""), Column("high", "97.5 %", "signed_level", ""),
        Column("pairs", "Pairs", "count"),
    )  # fmt: skip
    note = "Pairs of runs with the same seed and the same values of all other factors; intervals over seeds."
    result = []
    for output in dict.fromkeys(item.output for item in found):
        rows = tuple(
            (
                item.factor, str(item.level), str(item.against),
                ", ".join(f"{name} {value}" for name, value in item.where.items()) or "average",
                item.base, item.value, item.low, item.high, item.pairs,
            )
            for item in found
            if item.output == output
        )  # fmt: skip
        name = output.replace(".", "-").replace(":", "-").replace(" ", "-").replace("/", "-")
        result.append(Table(name, output, columns, rows, note))
    return tuple(result)
