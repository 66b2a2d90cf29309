"""What leaves the page: the report, the tables, the network of a quarter, an experiment file."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from market_abm.app.archive import Archive, words
from market_abm.app.place import Place, read_link
from market_abm.scenario.tree import parse

if TYPE_CHECKING:
    from market_abm.app.lever import Lever
    from market_abm.app.snapshot import Snapshot
    from market_abm.app.trajectory import Trajectory

FEW = 3
"""Factors that a grid takes; more are sampled."""


class File(NamedTuple):
    """A file to download."""

    name: str
    kind: str
    data: bytes


class ExportError(ValueError):
    """Something that cannot be exported; the message says why."""


def export(what: str, query: str, archive: Archive, first: str) -> File:
    """The file that a link asks for; a run is played to its horizon first.

    Raises
    ------
    LinkError
        The link is refused.
    ExportError
        There is no such file, or the run stops.
    """
    if what not in MAKERS:
        raise ExportError(f"there is no file {what!r} here; there are {', '.join(MAKERS)}")
    place = read_link(query, archive, first)
    return MAKERS[what](place, archive)


def played(place: Place, archive: Archive) -> Trajectory:
    """The run of a place, played to its horizon."""
    run = archive.run(place.run)
    while run.advance(len(run) + 1) and not run.stuck:
        pass
    if run.error:
        raise ExportError(f"the run stopped: {run.error}")
    return run


def _report(place: Place, archive: Archive) -> File:
    from market_abm.report.run_report import run_page

    page = run_page(played(place, archive).result(), command=place.command())
    return File(f"{_slug(place)}-report.html", "text/html; charset=utf-8", page.encode())


def _tables(place: Place, archive: Archive) -> File:
    """The results folder that the command line writes, and every table as CSV too."""
    from market_abm.report.exports import frame_csv
    from market_abm.results import store

    result = played(place, archive).result()
    buffer = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle,
    ):
        for path in sorted(store.write(result, folder, place.command()).iterdir()):
            bundle.write(path, path.name)
        for name, table in result.tables.items():
            bundle.writestr(f"csv/{name}.csv", frame_csv(table))
    return File(f"{_slug(place)}-tables.zip", "application/zip", buffer.getvalue())


def _graph(place: Place, archive: Archive) -> File:
    import networkx as nx

    run = archive.run(place.run)
    while len(run) < place.step and run.advance(len(run) + 1):
        pass
    now = run.at(place.step)
    if now is None or now.step != place.step:
        raise ExportError(f"the run stopped: {run.error}")
    text = "\n".join(nx.generate_graphml(supplier_graph(now))) + "\n"
    return File(f"{_slug(place)}-{now.quarter}.graphml", "application/graphml+xml", text.encode())


def supplier_graph(now: Snapshot) -> Any:
    """The supplier network of a quarter as a networkx graph.

    Returns
    -------
    networkx.MultiDiGraph
        A node a firm with its measures, an edge a link between owners with its own, and an edge of kind
        ``own`` for what a firm uses of its own fleet. Missing numbers are left out.
    """
    import networkx as nx

    graph = nx.MultiDiGraph(quarter=now.quarter)
    for row in now.rows("firms"):
        graph.add_node(row["firm"], **_known(row, ("firm",)))
    for row in now.rows("links"):
        graph.add_edge(row["supplier"], row["buyer"], kind="link", **_known(row, ("supplier", "buyer")))
    for row in now.rows("contracts"):
        if row["kind"] == "internal":
            volume = row["volume_kh100e"] * row["used_share"]
            graph.add_edge(row["supplier"], row["buyer"], kind="own", volume_khq=volume)
    return graph


def _known(row: Mapping[str, Any], without: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in without and value == value}


def _sweep(place: Place, archive: Archive) -> File:
    text = sweep_yaml(place, archive)
    return File(f"{_slug(place)}-sweep.yaml", "application/yaml", text.encode())


def sweep_yaml(place: Place, archive: Archive) -> str:
    """An experiment that varies what was changed on the page, over the span of its controls."""
    known = {lever.key: lever for lever in archive.levers(place.scenario, place.seed)}
    held: dict[str, Any] = {}
    factors: dict[str, Any] = {}
    for key, text in place.changes:
        value, lever = parse(text, key).plain(), known[key]
        if lever.kind == "number":
            factors[key] = _range(lever, value)
            continue
        held[key] = value
        if lever.kind == "entry":
            number = next((part for part in lever.fields if part.kind == "number"), None)
            if number is not None:
                factors[f"{key}.{number.key}"] = _range(number, value.get(number.key, number.start))
    if not factors:
        factors["behaviour.beta"] = {"low": 0.25, "high": 0.75, "steps": 3}
    design: Any = "grid"
    if len(factors) > FEW:
        design = {"kind": "latin-hypercube", "points": 50}
        factors = {key: {"low": item["low"], "high": item["high"]} for key, item in factors.items()}
    file = archive.files.get(place.scenario)
    lines = [
        "# What was changed on the page, over the span of its controls. Run it: market-abm sweep FILE",
        *([f"# Put this file beside {file.name}."] if file else []),
        "schema_version: 1",
        f"name: {json.dumps(_slug(place) + '-sweep')}",
        f"scenario: {json.dumps(file.name if file else place.scenario)}",
        *([f"set: {json.dumps(held, ensure_ascii=False)}"] if held else []),
        f"design: {json.dumps(design)}",
        "factors:",
        *(f"  {json.dumps(key, ensure_ascii=False)}: {json.dumps(item)}" for key, item in factors.items()),
        "replications: 10",
        f"seed: {place.seed}",
    ]
    return "\n".join(lines) + "\n"


def _range(lever: Lever, value: float) -> dict[str, Any]:
    low, high = min(lever.low, float(value)), max(lever.high, float(value))
    steps = min(5, int(high - low) + 1) if lever.step >= 1.0 else 5
    return {"low": low, "high": high, "steps": max(steps, 2)}


def _slug(place: Place) -> str:
    from market_abm.report.exports import slug

    return slug(f"{place.scenario}-seed{place.seed}{'-changed' if words(place.changes) else ''}")


MAKERS: dict[str, Callable[[Place, Archive], File]] = {
    "report.html": _report,
    "tables.zip": _tables,
    "network.graphml": _graph,
    "sweep.yaml": _sweep,
}
"""Files by the name in their address."""
