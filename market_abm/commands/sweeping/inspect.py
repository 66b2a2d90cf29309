"""Why a run is stored or is not, and the run again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from market_abm import console


def why(folder: Path, key: str, json: bool) -> None:
    """Say why a run is stored or is not."""
    from market_abm.experiments.store.overview import account

    found = account(folder, key)
    if json:
        console.show_json(found)
        return
    for sentence in found["sentences"]:
        console.say(sentence)


def replay(folder: Path, key: str, out: Path | None, json: bool) -> int:
    """Do a run again, whole, and compare it with what is stored."""
    from market_abm.experiments.again import replayed

    found = replayed(folder, key)
    result: Any = found.pop("result", None)
    if out is not None and result is not None:
        from market_abm.results import store

        store.write(result, out, console.command_line())
        found["sentences"].append(f"All tables are in {shlex.quote(str(out))}.")
    if json:
        console.show_json(found)
    else:
        for sentence in found["sentences"]:
            console.say(sentence)
    return console.FAILURES if found["failure"] else console.DONE
