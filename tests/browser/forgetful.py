"""``market-abm view`` that forgets a page a second after it is gone, not two minutes after.

``python -m tests.browser.forgetful`` serves the small world.
"""

from __future__ import annotations


def main() -> None:
    """Serve it."""
    from market_abm.app import server
    from market_abm.app.launch import view

    server.QUIET["SOLARA_KERNEL_CULL_TIMEOUT"] = "1s"
    view("two-clouds-three-labs", 0, browser=False)


if __name__ == "__main__":
    main()
