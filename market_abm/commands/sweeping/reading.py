"""The commands that read a sweep: the phase diagram, and sensitivities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from market_abm import console

if TYPE_CHECKING:
    from market_abm.analysis.table import Table


def phase(folder: Path, event: str, width: float | None, json: bool) -> None:
    """Estimate the phase diagram, say what it says, write tables and the page into the folder."""
    from market_abm.analysis.phase import phase as estimated
    from market_abm.analysis.phase_tables import shift_table, tables
    from market_abm.analysis.phase_words import sentences
    from market_abm.experiments.store.folder import Sweep
    from market_abm.report.phase_report import phase_page

    found = estimated(folder, event)
    spoken = sentences(found, width)
    question = Sweep(folder).manifest()["experiment"].get("question") or ""
    mark = "" if event == "pivotal" else f"-{event}"
    page = phase_page(found, question, console.command_line(), width)
    written = _write(folder, f"phase{mark}", page, tables(found))
    if json:
        console.show_json(
            {
                "sentences": spoken,
                "tables": {item.name: item.as_dict() for item in tables(found)},
                "page": str(written),
            }
        )
        return
    screen = console.output()
    for sentence in spoken:
        console.say(sentence, screen)
        screen.print()
    console.show_tables([shift_table(found)], screen)
    print(f"Written to {written} (figures; tables as CSV beside it)")


def sensitivity(folder: Path, outputs: list[str], json: bool) -> None:
    """Indices of a sweep with a Sobol or Morris design; paired effects of each factor of any other."""
    from market_abm.experiments.store.folder import Sweep

    if Sweep(folder).manifest()["experiment"]["design"]["kind"] in ("sobol", "morris"):
        from market_abm.analysis.sensitivity import sensitivity as estimated
        from market_abm.analysis.sensitivity_tables import sentences, tables
        from market_abm.report.sensitivity_report import sensitivity_page

        found = estimated(folder, outputs)
        spoken, shown = sentences(found), tables(found)
        page = sensitivity_page(found, console.command_line())
    else:
        from market_abm.analysis import effects_tables
        from market_abm.analysis.effects import effects
        from market_abm.analysis.sensitivity import default_outputs
        from market_abm.report.sensitivity_report import effects_page

        compared = [item for name in outputs or default_outputs(folder) for item in effects(folder, name)]
        spoken, shown = effects_tables.sentences(compared), effects_tables.tables(compared)
        page = effects_page(folder.name, spoken, shown, console.command_line())
    written = _write(folder, "sensitivity", page, shown)
    if json:
        console.show_json(
            {
                "sentences": spoken,
                "tables": {item.name: item.as_dict() for item in shown},
                "page": str(written),
            }
        )
        return
    screen = console.output()
    for sentence in spoken:
        console.say(sentence, screen)
    console.show_tables(shown, screen)
    print(f"Written to {written} (tables as CSV beside it)")


def _write(folder: Path, name: str, page: str, shown: tuple[Table, ...]) -> Path:
    from market_abm.report.exports import csv_text
    from market_abm.results import store

    for item in shown:
        store.write_text(folder / f"{name}-{item.name}.csv", csv_text(item))
    store.write_text(folder / f"{name}.html", page)
    return folder / f"{name}.html"
