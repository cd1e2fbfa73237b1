"""`halodeck serve`: what it says where it cannot, and whom it lets in."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from app.cli.serve import HOST, _asking_for, serve
from core.errors import ResourceError


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    with pytest.raises(ResourceError, match=r"needs textual-serve: pip install 'halodeck\[serve\]'"):
        serve()


def test_a_port_that_is_taken() -> None:
    pytest.importorskip("textual_serve")
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        with pytest.raises(ResourceError, match="choose another by --port"):
            serve(other.getsockname()[1])


@pytest.mark.parametrize(
    ("path", "headers", "cookie", "status"),
    [
        ("/", {}, "", 403),
        ("/?word=wrong", {}, "", 403),
        ("/?word=secret", {}, "", 302),
        ("/?word=secret", {"Origin": "http://elsewhere"}, "", 403),
        ("/?word=secret", {"Host": "elsewhere:8000"}, "", 403),
        ("/", {"Origin": "http://127.0.0.1:8000"}, "secret", 200),
        ("/", {}, "stale", 403),
    ],
)
def test_the_gate(path: str, headers: dict[str, str], cookie: str, status: int) -> None:
    web = pytest.importorskip("aiohttp.web")
    from aiohttp.test_utils import make_mocked_request

    found = {"Host": "127.0.0.1:8000", **headers} | ({"Cookie": f"halodeck={cookie}"} if cookie else {})
    request = make_mocked_request("GET", path, headers=found)

    async def page(_: object) -> object:
        return web.Response(text="the workbench")

    async def asked() -> int:
        try:
            return int((await _asking_for("secret", "http://127.0.0.1:8000")(request, page)).status)
        except web.HTTPException as answer:
            return int(answer.status)

    assert asyncio.run(asked()) == status
