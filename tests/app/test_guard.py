"""Foreign hosts and origins are refused, on HTTP and on WebSockets, before anything else is done."""

from __future__ import annotations

from typing import Any

import pytest

from market_abm.app.guard import COOKIE, Guard, Policy
from market_abm.app.launch import policy_for

HERE = "127.0.0.1:8765"

GOOD = [
    ("127.0.0.1:8765", None),
    ("127.0.0.1:8765", "http://127.0.0.1:8765"),
    ("localhost:8765", "http://localhost:8765"),
    ("LOCALHOST:8765", "http://localhost:8765"),
    ("[::1]:8765", "http://[::1]:8765"),
    ("localhost:9000", "http://localhost:9000"),  # through a tunnel
]

HOSTILE = [
    ("evil.example", None),
    ("evil.example:8765", "http://evil.example:8765"),
    ("127.0.0.1.evil.example:8765", "http://127.0.0.1.evil.example:8765"),
    ("localhost.evil.example", "http://localhost.evil.example"),
    ("127.0.0.1:8765.evil.example", None),
    ("127.0.0.1:8765@evil.example", None),
    ("evil.example@127.0.0.1:8765", None),
    ("127.0.0.2:8765", "http://127.0.0.2:8765"),
    ("0.0.0.0:8765", "http://0.0.0.0:8765"),
    ("192.168.1.20:8765", "http://192.168.1.20:8765"),
    ("10.0.0.1", None),
    ("2130706433:8765", None),
    ("0x7f000001:8765", None),
    ("127.1:8765", None),
    ("[::]:8765", "http://[::]:8765"),
    ("[::ffff:127.0.0.1]:8765", None),
    ("", None),
    (" ", None),
    ("localhost:99999", None),
    ("localhost:", None),
    ("localhost:8765/", None),
    ("local host:8765", None),
    ("localhost\t:8765", None),
    ("localhоst:8765", None),  # a Cyrillic letter
    (HERE, "http://evil.example"),
    (HERE, "https://evil.example:8765"),
    (HERE, "http://127.0.0.1:8766"),
    (HERE, "http://127.0.0.1"),
    (HERE, "http://localhost:8765"),
    (HERE, "null"),
    (HERE, ""),
    (HERE, "file://"),
    (HERE, "chrome-extension://abcdefghijklmnop"),
    (HERE, "ws://127.0.0.1:8765"),
    (HERE, "//127.0.0.1:8765"),
    (HERE, "127.0.0.1:8765"),
    (HERE, "http://127.0.0.1:8765/path"),
    (HERE, "http://user@127.0.0.1:8765"),
    (HERE, "http://127.0.0.1:8765 http://evil.example"),
    (HERE, "http://[127.0.0.1]:8765"),
    (HERE, "http://evil.example#127.0.0.1:8765"),
    (HERE, "javascript://127.0.0.1:8765"),
]


class Inside:
    """An application that notes whether it was reached."""

    def __init__(self) -> None:
        self.reached = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached = True
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"in"})


def asked(
    policy: Policy, kind: str, host: str | None, origin: str | None, **more: Any
) -> tuple[bool, list[Any]]:
    """Whether a request gets through, and what is sent back."""
    headers = [] if host is None else [(b"host", host.encode("utf-8"))]
    headers += [] if origin is None else [(b"origin", origin.encode("utf-8"))]
    scope = {"type": kind, "headers": headers + more.pop("headers", []), "query_string": b"", **more}
    inside, sent = Inside(), []

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(StopIteration):  # it ends at once: nothing in it waits for a loop of events
        Guard(inside, policy)(scope, None, send).send(None)
    return inside.reached, sent


@pytest.mark.parametrize(("host", "origin"), GOOD)
def test_the_page_itself_is_answered(host: str, origin: str | None) -> None:
    assert asked(Policy(), "http", host, origin)[0]
    if origin is not None:
        assert asked(Policy(), "websocket", host, origin)[0]


def test_there_are_forty_hostile_pairs() -> None:
    assert len(set(HOSTILE)) >= 40
    assert not {*HOSTILE} & {*GOOD}


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(("host", "origin"), HOSTILE)
def test_a_foreign_host_or_origin_is_refused(kind: str, host: str, origin: str | None) -> None:
    reached, sent = asked(Policy(), kind, host, origin)
    assert not reached
    first = sent[0]
    if kind == "http":
        assert first["status"] == 403
    else:
        assert (first["type"], first["code"]) == ("websocket.close", 1008)


def test_neither_two_hosts_nor_none() -> None:
    assert not asked(Policy(), "http", None, None)[0]
    assert not asked(Policy(), "http", HERE, None, headers=[(b"host", HERE.encode())])[0]


def test_a_websocket_without_an_origin_is_refused() -> None:
    assert not asked(Policy(), "websocket", HERE, None)[0]


def test_every_answer_says_that_the_page_loads_from_here_only_and_is_framed_nowhere() -> None:
    _, sent = asked(Policy(), "http", HERE, None)
    headers = dict(sent[0]["headers"])
    assert b"default-src 'self'" in headers[b"content-security-policy"]
    assert b"frame-ancestors 'none'" in headers[b"content-security-policy"]
    assert headers[b"x-content-type-options"] == b"nosniff"


def test_loopback_asks_for_no_token_and_every_other_address_for_one() -> None:
    assert policy_for("127.0.0.1", "").token == ""
    made = policy_for("0.0.0.0", "")
    assert len(made.token) >= 16
    assert made.token != policy_for("0.0.0.0", "").token
    assert policy_for("0.0.0.0", "mine").token == "mine"


def test_the_token_opens_the_door_in_the_address_and_then_as_a_cookie() -> None:
    policy = policy_for("0.0.0.0", "sesame")
    host = "192.168.1.20:8765"
    reached, sent = asked(policy, "http", host, None)
    assert not reached
    assert sent[0]["status"] == 401
    assert not asked(policy, "http", host, None, query_string=b"token=wrong")[0]
    reached, sent = asked(policy, "http", host, None, query_string=b"token=sesame")
    assert reached
    cookie = dict(sent[0]["headers"])[b"set-cookie"].decode()
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    shown = [(b"cookie", f"{COOKIE}=sesame".encode())]
    origin = f"http://{host}"
    assert asked(policy, "websocket", host, origin, headers=shown)[0]
    assert not asked(policy, "websocket", host, origin)[0]
    assert not asked(policy, "websocket", host, "http://evil.example", headers=shown)[0]
