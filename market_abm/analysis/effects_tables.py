"""Effects of factors in words and as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from market_abm.analysis.effects import LevelEffect, split
from market_abm.analysis.phase_words import listed
from market_abm.analysis.table import Column, Table


def sentences(found: Sequence[LevelEffect]) -> list[str]:
    """What every factor does to each output on average, whether the scenario's effect keeps its sign, break-evens."""
    said = []
    for output in dict.fromkeys(item.output for item in found):
        mine = [item for item in found if item.output == output]
        said.append(_averages(output, [item for item in mine if not item.where]))
        said += _signs([item for item in mine if item.where])
    return said


def _averages(output: str, items: Sequence[LevelEffect]) -> str:
    """The largest effect of each factor that can be told from zero, and the factors without one."""
    told, still, unclear = [], [], []
    for factor in dict.fromkeys(item.factor for item in items):
        mine = [item for item in items if item.factor == factor]
        clear = [item for item in mine if item.sign]
        if clear:
            most = max(clear, key=lambda item: abs(item.value))
            told.append(
                f"{factor} {most.level} against {most.against} moves it by {most.value:+.3g} ({_band(most)})"
            )
        elif all(item.value == 0.0 for item in mine):
            still.append(_short(factor))
        else:
            unclear.append(_short(factor))
    parts = [*told]
    if unclear:
        parts.append(f"no effect of {listed(unclear)} can be told from zero")
    if still:
        parts.append(f"{listed(still)} {'does' if len(still) == 1 else 'do'} not move it at all")
    return f"{output} ({items[0].base:.3g} at {items[0].factor} {items[0].against}): {'; '.join(parts)}."


def _signs(cells: Sequence[LevelEffect]) -> list[str]:
    said = []
    for level in dict.fromkeys(item.level for item in cells):
        mine = [item for item in cells if item.level == level]
        up, down = [item for item in mine if item.sign > 0], [item for item in mine if item.sign < 0]
        head = f"{mine[0].output}, {level} against {mine[0].against}"
        if up and down:
            rest = len(mine) - len(up) - len(down)
            said.append(
                f"{head}: the effect changes its sign. It is positive at {_cells(up)} and negative at {_cells(down)}"
                + (
                    f"; at {rest} of {len(mine)} values of the other factors it cannot be told from zero."
                    if rest
                    else "."
                )
            )
            if crossings := list(_break_evens(mine)):
                said.append(
                    f"{head}: it breaks even at {listed(crossings)} (on a line between the two levels)."
                )
        elif up or down:
            told = up or down
            sign = "positive" if up else "negative"
            if len(told) == len(mine):
                said.append(f"{head}: the effect is {sign} at all {len(mine)} values of the other factors.")
            else:
                said.append(
                    f"{head}: the effect is {sign} at {len(told)} of {len(mine)} values of the other factors and cannot "
                    "be told from zero at the rest: no change of sign is shown."
                )
        else:
            said.append(
                f"{head}: the effect cannot be told from zero at any of {len(mine)} values of the other factors."
            )
    return said


def _break_evens(cells: Sequence[LevelEffect]) -> Iterator[str]:
    """Where the effect crosses zero along a factor of numbers, between neighbours whose signs are clear."""
    for name in cells[0].where:
        if not all(isinstance(item.where[name], int | float) for item in cells):
            continue
        groups: dict[tuple[tuple[str, object], ...], list[LevelEffect]] = {}
        for item in cells:
            rest = tuple((key, value) for key, value in item.where.items() if key != name)
            groups.setdefault(rest, []).append(item)
        for rest, line in groups.items():
            clear = sorted((item for item in line if item.sign), key=lambda item: item.where[name])
            for one, other in pairwise(clear):
                if one.sign != other.sign:
                    share = one.value / (one.value - other.value)
                    place = one.where[name] + share * (other.where[name] - one.where[name])
                    yield f"{_short(name)} {place:.3g}" + "".join(
                        f", {_short(key)} {value}" for key, value in rest
                    )


def _cells(items: Sequence[LevelEffect], most: int = 3) -> str:
    return "; ".join(_where(item) for item in items[:most]) + (
        f" and {len(items) - most} more" if len(items) > most else ""
    )


def _band(item: LevelEffect) -> str:
    return f"95 % {item.low:+.3g} to {item.high:+.3g}"


NOTE = (
    "Pairs of runs with the same seed and the same values of all other factors; intervals of 95 % over seeds."
)


def tables(found: Sequence[LevelEffect]) -> tuple[Table, ...]:
    """An output's effects on average, and those of the scenario at each value of the other factors."""
    result = []
    for output in dict.fromkeys(item.output for item in found):
        mine = [item for item in found if item.output == output]
        name = output.replace(".", "-").replace(":", "-").replace(" ", "-").replace("/", "-")
        title = f"{output} ({_unit(output)})"
        result.append(_average_table(name, title, [item for item in mine if not item.where]))
        if cells := [item for item in mine if item.where]:
            result.append(_cell_table(f"{name}-where", f"{title}, against {cells[0].against}", cells))
    return tuple(result)


def _average_table(name: str, title: str, items: Sequence[LevelEffect]) -> Table:
    columns = (
        Column("factor", "Factor"),
        Column("level", "Level"),
        Column("against", "Against"),
        *_numbers(),
    )
    rows = tuple((_short(item.factor), str(item.level), str(item.against), *_values(item)) for item in items)
    return Table(name, title, columns, rows, NOTE)


def _cell_table(name: str, title: str, items: Sequence[LevelEffect]) -> Table:
    columns = (Column("level", "Level"), Column("where", "Where"), *_numbers())
    rows = tuple((str(item.level), _where(item), *_values(item)) for item in items)
    note = (
        "Pairs of runs with the same seed; intervals over seeds, of 95 % for all values of the other factors together "
        "(Bonferroni)."
    )
    return Table(name, title, columns, rows, note)


def _numbers() -> tuple[Column, ...]:
    return (
        Column("value", "Difference", "signed_number"), Column("low", "Low", "signed_number"),
        Column("high", "High", "signed_number"), Column("base", "Mean there", "size_number", extra=True),
        Column("pairs", "Pairs", "count", extra=True),
    )  # fmt: skip


def _values(item: LevelEffect) -> tuple[float | int, ...]:
    return (item.value, item.low, item.high, item.base, item.pairs)


def _where(item: LevelEffect) -> str:
    return ", ".join(f"{_short(name)} {value}" for name, value in item.where.items())


def _short(name: str) -> str:
    """A factor's name without the part of the scenario in which it stands."""
    return name.rpartition(".")[2]


def _unit(output: str) -> str:
    """Unit of an output, by the dictionary of results."""
    from market_abm.results.dictionary import columns

    table, column, _ = split(output)
    return next(item.unit for item in columns(table) if item.name == column)
