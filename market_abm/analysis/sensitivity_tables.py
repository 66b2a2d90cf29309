"""Sensitivities in words and as tables, a table an output."""

from __future__ import annotations

from market_abm.analysis.sensitivity import Index, Sensitivity
from market_abm.analysis.table import Column, Table

ROUGH = 0.2
"""Half width of an interval of a share of variance above which the sample is too small to quote."""

WIDE = " The interval is too wide to quote: raise design.base."


def outputs(found: Sensitivity) -> list[str]:
    """Outputs in their order."""
    return list(dict.fromkeys(item.output for item in found.indices))


def ranked(found: Sensitivity, output: str) -> list[Index]:
    """Indices of an output, the most influential factor first."""
    mine = [item for item in found.indices if item.output == output]
    return sorted(mine, key=lambda item: -(item.total if found.kind == "sobol" else item.mu_star))


def _told(found: Sensitivity, item: Index) -> bool:
    """Whether a factor's influence can be told from none."""
    if found.kind == "sobol":
        return item.total - item.total_half > 0
    return item.mu_star - item.mu_star_half > 0


def sentences(found: Sensitivity) -> list[str]:
    """What each output depends on most, and what cannot be told."""
    said = []
    for output in outputs(found):
        first = ranked(found, output)[0]
        if not _told(found, first):
            more = "design.base" if found.kind == "sobol" else "design.trajectories"
            said.append(f"{output}: no factor can be told from none with this sample; raise {more}.")
            continue
        if found.kind == "sobol":
            said.append(
                f"{output} depends most on {first.factor}: with its interactions it accounts for "
                f"{100 * first.total:.0f} % of the variance ({_ends(first.total, first.total_half)}), alone for "
                f"{100 * first.first:.0f} %." + (WIDE if first.total_half > ROUGH else "")
            )
        else:
            said.append(
                f"{output} moves most with {first.factor}: by {first.mu_star:.3g} over its range on average "
                f"(95 % {first.mu_star - first.mu_star_half:.3g} to {first.mu_star + first.mu_star_half:.3g})."
            )
        unclear = [item.factor for item in ranked(found, output) if not _told(found, item)]
        if unclear:
            said.append(f"No influence on {output} can be told from none: {', '.join(unclear)}.")
    if found.constant:
        said.append(f"Without any variation: {', '.join(found.constant)}.")
    return said


def tables(found: Sensitivity) -> tuple[Table, ...]:
    """A table an output."""
    if found.kind == "sobol":
        columns = (
            Column("factor", "Factor"), Column("first", "First order", "number"),
            Column("first_half", "+/-", "number"), Column("total", "Total", "number"),
            Column("total_half", "+/-", "number"),
        )  # fmt: skip
        names = ("first", "first_half", "total", "total_half")
        note = "Shares of the output's variance; half widths of 95 % intervals."
    else:
        columns = (
            Column("factor", "Factor"), Column("mu_star", "Mean size of effect", "number"),
            Column("mu_star_half", "+/-", "number"), Column("mu", "Mean effect", "signed_number"),
            Column("sigma", "Spread", "number"),
        )  # fmt: skip
        names = ("mu_star", "mu_star_half", "mu", "sigma")
        note = (
            "Elementary effects over the whole range of a factor; a large spread is curvature or interaction. Half "
            "widths of 95 % intervals."
        )
    note += f" {found.rows:,} rows of the design, {found.seeds} seeds averaged."
    return tuple(
        Table(
            output.replace(".", "-").replace(":", "-").replace(" ", "-").replace("/", "-"), output, columns,
            tuple((item.factor, *(getattr(item, name) for name in names)) for item in ranked(found, output)), note,
        )
        for output in outputs(found)
    )  # fmt: skip


def _ends(value: float, half: float) -> str:
    return f"95 % {100 * (value - half):.0f} to {100 * (value + half):.0f}"
