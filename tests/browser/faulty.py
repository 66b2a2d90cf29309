"""``market-abm view`` with a strategy that fails once in a while: ``python -m tests.browser.faulty NAME --port 0``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from market_abm.strategies import get, strategy

FIRST = {"fails": True}


@strategy("sell", "breaks-once")
def breaks_once(view: Any, rows: Any) -> Any:
    """Fail in the third quarter the first time that it gets there, then sell like everybody else."""
    if view.state.t == 2 and FIRST["fails"]:
        FIRST["fails"] = False
        raise ZeroDivisionError("there is nothing left to divide by")
    return get("sell", "default")(view, rows)


def main() -> None:
    """Serve a scenario whose firms play it."""
    from market_abm.app.launch import view

    folder = Path(tempfile.mkdtemp())
    file = folder / "breaks.yaml"
    file.write_text(
        "schema_version: 1\nname: breaks\nextends: two-clouds-three-labs\n"
        "behaviour: {strategies: {sell: breaks-once}}\n"
    )
    view(str(file), 0, browser=False)


if __name__ == "__main__":
    main()
