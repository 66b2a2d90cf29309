"""The server of the page: Solara's kernels and files, behind the guard. Everything comes from this machine."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.app.guard import Guard, Policy
from market_abm.app.sending import send_at_once

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

QUIET = {
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_TITLE": "market_abm: who holds the levers of AI compute",
    "SOLARA_SESSION_HTTP_ONLY": "True",
    "SOLARA_MODE": "production",
    "SOLARA_KERNEL_CULL_TIMEOUT": "2m",
    "SOLARA_KERNEL_MAX_PER_SESSION": "20",
}
"""Settings of Solara, set before it is imported: no telemetry, no banner, pages that are gone are forgotten."""

PAGE = "market_abm.app.pages"

HEAD = """<script src="/files/shapes.js"></script>
<script src="/files/patch.js"></script>
<script src="/files/plot.js"></script>
<link rel="stylesheet" href="/files/page.css">
<meta name="description" content="A simulation of the AI-compute market: who holds the levers?">
"""


def settle() -> None:
    """Put the settings of Solara in place; must come before its first import."""
    os.environ.update(QUIET)


def application(policy: Policy, page: str = PAGE) -> Guard:
    """The ASGI application.

    Parameters
    ----------
    policy : Policy
        Whom it answers.
    page : str
        Module with a Solara component ``Page``.
    """
    settle()
    import plotly
    from solara.server import app as apps
    from solara.server import reload, server, settings
    from solara.server import starlette as solara_server
    from starlette.applications import Starlette
    from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse
    from starlette.responses import Response as StarletteResponse
    from starlette.routing import Mount, Route, WebSocketRoute
    from starlette.staticfiles import StaticFiles

    send_at_once()
    settings.telemetry.mixpanel_enable = False
    settings.main.root_path, settings.main.mode = "", "production"
    reload.reloader.watcher = _Blind()  # type: ignore[assignment]
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    here = Path(__file__).parent

    async def root(request: Request) -> Response:
        response = HTMLResponse(dressed(server.read_root("/", "") or ""))
        if server.COOKIE_KEY_SESSION_ID not in request.cookies:
            from secrets import token_urlsafe

            name = server.COOKIE_KEY_SESSION_ID
            response.set_cookie(name, token_urlsafe(24), httponly=True, samesite="strict")
        return response

    async def plotly_js(request: Request) -> Response:
        return FileResponse(script, media_type="text/javascript", headers={"cache-control": "max-age=86400"})

    def exported(request: Request) -> Response:  # in a thread of its own: a run may have to be played
        from market_abm.app import pages
        from market_abm.app.exports import ExportError, export
        from market_abm.app.place import LinkError

        archive, first = pages.shelf()
        query = without_token(request.url.query)
        try:
            file = export(request.path_params["what"], query, archive, first)
        except (ExportError, LinkError) as error:
            return PlainTextResponse(f"{error}\n", status_code=400)
        head = {"content-disposition": f'attachment; filename="{file.name}"'}
        return StarletteResponse(file.data, media_type=file.kind, headers=head)

    async def ready(request: Request) -> Response:
        return PlainTextResponse("ready")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        apps.apps["__default__"] = apps.AppScript(page)
        solara_server.on_startup()
        yield
        solara_server.on_shutdown()

    routes = [
        Route("/", root),
        Route("/ready", ready),
        Route("/vendor/plotly.js", plotly_js),
        Route("/export/{what}", exported),
        Route("/jupyter/api/kernels/{id}", solara_server.kernels),
        WebSocketRoute("/jupyter/api/kernels/{kernel_id}/{name}", solara_server.kernel_connection),
        Route("/_solara/api/close/{kernel_id}", solara_server.close, methods=["POST"]),
        Mount("/files", StaticFiles(directory=here / "files")),
        Mount("/_solara/cdn", StaticFiles(directory=assets())),
        Mount("/static/public", solara_server.StaticPublic()),
        Mount("/static/assets", solara_server.StaticAssets()),
        Mount("/jupyter/nbextensions", solara_server.StaticNbFiles()),
        Mount("/static", StaticFiles(directory=server.solara_static)),
    ]
    return Guard(Starlette(routes=routes, lifespan=lifespan), policy)


def assets() -> Path:
    """Folder of the files that Solara would otherwise fetch from elsewhere; they come with solara-assets."""
    return Path(sys.prefix) / "share" / "solara" / "cdn"


def dressed(page: str) -> str:
    """Solara's page with a language, a viewport that can be zoomed, and what ours needs early."""
    page = page.replace("<html>", '<html lang="en">', 1)
    fixed = ", maximum-scale=1, user-scalable=no, minimal-ui"
    return page.replace(fixed, "", 1).replace("</title>", f"</title>\n{HEAD}", 1)


def without_token(query: str) -> str:
    """A query without the token that may stand in it."""
    return "&".join(part for part in query.lstrip("?").split("&") if part and not part.startswith("token="))


class _Blind:
    """Watches no file: nothing is reloaded while somebody looks at it."""

    def add_file(self, file: Any) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
