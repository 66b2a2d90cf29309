"""The running server: bound to this machine, deaf to foreign hosts and origins, silent about itself."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests.app.test_guard import HOSTILE
from tests.browser.driver import Server

KERNEL = "/jupyter/api/kernels/00000000-0000-0000-0000-000000000000/channels?session_id=x"


def spoken(server: Server, lines: list[str]) -> str:
    """The first line of the answer to a request that is written by hand."""
    parts = urlsplit(server.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as line:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8"))
        return line.recv(200).decode("latin-1").split("\r\n")[0]


def moved(server: Server, text: str | None) -> str | None:
    """The text with the server's own port."""
    return None if text is None else text.replace("8765", str(urlsplit(server.address).port))


def test_it_listens_to_this_machine_only(server: Server) -> None:
    parts = urlsplit(server.address)
    assert parts.hostname == "127.0.0.1"
    addresses = {item[4][0] for item in socket.getaddrinfo(socket.gethostname(), parts.port)} - {
        "127.0.0.1",
        "::1",
    }
    for address in sorted(addresses):
        if not address.startswith("127."):
            with pytest.raises(OSError):
                socket.create_connection((address, parts.port), timeout=2).close()


@pytest.mark.parametrize("path", ["/", KERNEL])
def test_hostile_pairs_get_nothing(server: Server, path: str) -> None:
    extra = [] if path == "/" else [
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]  # fmt: skip
    for host, origin in HOSTILE:
        lines = [f"GET {path} HTTP/1.1", f"Host: {moved(server, host)}"]
        lines += [] if origin is None else [f"Origin: {moved(server, origin)}"]
        answer = spoken(server, [*lines, *extra])
        assert answer.split()[1:2] in (["400"], ["403"]), (host, origin, answer)


def test_the_page_itself_is_answered(server: Server) -> None:
    port = urlsplit(server.address).port
    assert " 200 " in spoken(server, ["GET / HTTP/1.1", f"Host: 127.0.0.1:{port}"])


ELSEWHERE = (
    "/resourcez",
    "/docs",
    "/_solara/cdn/../../../../etc/passwd",
    "/files/../launch.py",
    "/export/passwd",
    "/static/..%2f..%2fserver.py",
)


@pytest.mark.parametrize("path", ELSEWHERE)
def test_there_is_nothing_else_to_get(server: Server, path: str) -> None:
    port = urlsplit(server.address).port
    answer = spoken(server, [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"])
    assert answer.split()[1] in ("400", "404"), answer
