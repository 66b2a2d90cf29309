"""``market-abm view``: start the server, say where it is, open the browser."""

from __future__ import annotations

import importlib.util
import secrets
import socket
import threading
import webbrowser
from pathlib import Path

from market_abm.app.archive import Archive
from market_abm.app.guard import LOOPBACK, Policy


class ViewError(ValueError):
    """The page cannot be opened; the message says why and what to do."""


NEEDED = ("solara", "ipyvuetify", "anywidget", "plotly")


def view(name: str, port: int, host: str = "127.0.0.1", token: str = "", browser: bool = True) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    name : str
        A shipped scenario or a file: what the page opens with.
    port : int
        0 takes any that is free.
    host : str
        Address to listen on; others than the loopback ask visitors for a token.
    token : str
        The token; made up where none is given.
    """
    check_extra()
    archive, first = shelf(name)
    policy = policy_for(host, token)
    listener = listen(host, port)
    port = listener.getsockname()[1]
    from market_abm.app import server

    app = server.application(policy)
    from market_abm.app import pages

    pages.open_with(archive, first)
    import uvicorn

    shown = "127.0.0.1" if host in LOOPBACK or host in ("0.0.0.0", "::") else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    address += f"?token={policy.token}" if policy.token else ""
    print(f"The market is at {address} (Ctrl+C ends it)", flush=True)
    threading.Thread(target=warm_up, name="market-abm warm-up", daemon=True).start()
    if browser:
        webbrowser.open(address)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=1,
        ws_per_message_deflate=host not in LOOPBACK,  # nothing is gained by it inside a machine
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])


def warm_up() -> None:
    """Load the model while the page is being fetched: its first quarter is then at hand sooner."""
    import market_abm.analysis.explain
    import market_abm.model  # noqa: F401


def check_extra() -> None:
    """Refuse where the extra is not installed."""
    missing = [item for item in NEEDED if importlib.util.find_spec(item) is None]
    if missing:
        raise ViewError(
            f"the browser view needs {', '.join(missing)}; install the extra: pip install 'market-abm[viz]', "
            "or, in a checkout, python start.py --dev market-abm view"
        )


def shelf(name: str) -> tuple[Archive, str]:
    """The scenarios on offer, and the name of the first; a file is offered beside the shipped ones."""
    from market_abm.scenario import load_scenario, shipped

    if name in shipped():
        return Archive(), name
    scenario = load_scenario(name)
    label = scenario.name if scenario.name not in shipped() else f"{scenario.name} ({Path(name).name})"
    return Archive({label: Path(name)}), label


def policy_for(host: str, token: str) -> Policy:
    """Whom a server on that address answers."""
    if host in LOOPBACK:
        return Policy(token=token)
    names = (*LOOPBACK, host.lower(), socket.gethostname().lower())
    return Policy(names, addresses=True, token=token or secrets.token_urlsafe(16))


def listen(host: str, port: int) -> socket.socket:
    """A socket on the address, or a sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # who comes before the server is up waits, and is not turned away
    except OSError as error:
        listener.close()
        raise ViewError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; choose another with --port, "
            "0 takes any that is free"
        ) from None
    return listener
