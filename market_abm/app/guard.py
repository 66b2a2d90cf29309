"""Who may talk to the server: checks of Host, Origin and token before anything else is done."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "::1")

COOKIE = "market-abm-token"

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:(?P<port>[0-9]{1,5}))?")

HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        b"style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        b"connect-src 'self' blob: data:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
        b"form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Sent with every answer: the page can load from this server only, and nobody can frame it."""


@dataclass(frozen=True)
class Policy:
    """Whom the server answers.

    Attributes
    ----------
    names : tuple of str
        Host names under which it is reached; a foreign name that was made to point here is none of them.
    addresses : bool
        Whether any literal IP address will do as a name (it listens to other machines).
    token : str
        What a visitor must know; empty on a server that only this machine reaches.
    """

    names: tuple[str, ...] = LOOPBACK
    addresses: bool = False
    token: str = ""

    def refusal(self, scope: Scope) -> str:
        """Why a request is refused; empty where it is not."""
        hosts = _header(scope, b"host")
        if len(hosts) != 1 or not self._known(hosts[0]):
            return "this server does not answer under that host name"
        origins = _header(scope, b"origin")
        if not origins and scope["type"] == "websocket":
            return "a connection without an origin is refused"
        if len(origins) > 1 or any(not _same(origin, hosts[0]) for origin in origins):
            return "requests from other pages are refused"
        return ""

    def knows(self, scope: Scope) -> bool:
        """Whether the visitor has shown the token, or need not."""
        if not self.token:
            return True
        shown = [
            *_cookies(scope),
            *parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", []),
        ]
        return any(hmac.compare_digest(item.encode(), self.token.encode()) for item in shown)

    def _known(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None or int(found["port"] or 80) > 65535:
            return False
        name = found["name"].strip("[]").lower()
        return name in self.names or (self.addresses and _is_address(name))


def _same(origin: str, host: str) -> bool:
    """Whether an origin is the server itself, as the browser names it."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    same = f"{parts.scheme}://{parts.netloc}".lower() == origin.lower()
    return same and parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _header(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope.get("headers", ()) if key == name]


def _cookies(scope: Scope) -> list[str]:
    found = []
    for line in _header(scope, b"cookie"):
        jar: SimpleCookie = SimpleCookie()
        jar.load(line)
        if COOKIE in jar:
            found.append(jar[COOKIE].value)
    return found


class Guard:
    """ASGI middleware that refuses what the policy does not allow, on HTTP and on WebSockets.

    Parameters
    ----------
    app : ASGI application
    policy : Policy
    """

    def __init__(self, app: App, policy: Policy) -> None:
        self.app, self.policy = app, policy

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        reason, status = self.policy.refusal(scope), 403
        if not reason and not self.policy.knows(scope):
            reason, status = "token", 401
        if not reason:
            await self.app(scope, receive, _with_headers(send, self._cookie(scope)))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await _refuse(send, status, reason)

    def _cookie(self, scope: Scope) -> bytes:
        """The token as a cookie, for a visitor who came with it in the address."""
        if not self.policy.token or scope["type"] == "websocket":
            return b""
        return f"{COOKIE}={self.policy.token}; HttpOnly; SameSite=Strict; Path=/".encode()


def _with_headers(send: Any, cookie: bytes) -> Any:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            extra = [(b"set-cookie", cookie)] if cookie else []
            message["headers"] = [*message.get("headers", ()), *HEADERS, *extra]
        await send(message)

    return sending


ASKING = """<!doctype html><html lang="en"><title>market_abm: token</title>
<body style="font:16px system-ui;margin:4rem auto;max-width:28rem">
<h1>This page asks for a token</h1>
<p>It was printed where <code>market-abm view</code> was started.</p>
<form method="get" action="/"><label>Token <input name="token" type="password" autofocus></label>
<button>Open</button></form></body></html>"""


async def _refuse(send: Any, status: int, reason: str) -> None:
    page = ASKING if status == 401 else f"Refused: {reason}.\n"
    kind = b"text/html; charset=utf-8" if status == 401 else b"text/plain; charset=utf-8"
    head = [(b"content-type", kind), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": page.encode()})
