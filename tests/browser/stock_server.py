"""The page of :mod:`tests.browser.stock` on our server: ``python -m tests.browser.stock_server --port 0``."""

from __future__ import annotations

from market_abm.app.guard import Policy
from market_abm.app.launch import listen
from market_abm.app.server import application


def main() -> None:
    """Serve it until it is interrupted."""
    import uvicorn

    listener = listen("127.0.0.1", 0)
    app = application(Policy(), "tests.browser.stock")
    print(f"SolaraViz is at http://127.0.0.1:{listener.getsockname()[1]}/ (Ctrl+C ends it)", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
