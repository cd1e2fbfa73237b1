"""`halodeck serve`: the workbench in a browser of this machine, or at the other end of a tunnel."""

from __future__ import annotations

import secrets
import shlex
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.answers import answer_now, for_machines, tell
from app.cli.command import Command
from app.cli.runs import RUNS, UNIVERSES, RunsOption, UniversesOption
from app.cli.show import say
from core.errors import ResourceError

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"
"""Loopback alone: whoever reaches the port works as the one who serves."""
_COOKIE = "halodeck"
_PROGRAM = "from app.main import main; main()"


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on the loopback interface.")] = 8000,
    runs: RunsOption = RUNS,
    universes: UniversesOption = UNIVERSES,
) -> None:
    """Show the workbench to a browser on this machine, each window with one of its own; Ctrl-C ends it.

    Over SSH: ssh -L PORT:127.0.0.1:PORT HOST, then open the address that is said here.
    """
    try:
        from textual_serve.server import Server
    except ImportError as error:
        raise ResourceError("halodeck serve needs textual-serve", "pip install 'halodeck[serve]'") from error

    _check_free(port)
    token, address = secrets.token_urlsafe(16), f"http://{HOST}:{port}"

    class Loopback(Server):
        """Serves those who know the word that is said here, for other users of the machine reach the port too."""

        async def _make_app(self) -> Any:
            made = await super()._make_app()
            made.middlewares.append(_asking_for(token, address))
            return made

        def initialize_logging(self) -> None:
            """Every request in a log would hold the word."""

        async def on_startup(self, app: Any) -> None:
            if for_machines():
                tell(address=f"{address}/?word={token}")
                answer_now()
                return
            say(f"open {address}/?word={token}   Ctrl-C ends it; runs and tasks go on")

    Loopback(shlex.join(_workbench(runs, universes)), HOST, port, "halodeck", address).serve()


def _check_free(port: int) -> None:
    """Refuse a port that another program has. Raises: ResourceError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ResourceError(f"port {port} cannot be had ({error.strerror})", "choose another by --port") from error


def _workbench(runs: Path, universes: Path) -> list[str]:
    """The command that opens it."""
    folders = ["--runs", str(runs), "--universes", str(universes)]
    return [sys.executable, "-P", "-c", _PROGRAM, "--color", "truecolor", *folders]


def _asking_for(token: str, address: str) -> Any:
    """A gate: the word in the address once, then a cookie; a page of another site gets nothing."""
    from aiohttp import web

    @web.middleware
    async def gate(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Origin", address) != address or request.host != address.partition("//")[2]:
            raise web.HTTPForbidden(text="halodeck answers its own page only")
        if secrets.compare_digest(request.query.get("word", ""), token):
            answer = web.HTTPFound("/")
            answer.set_cookie(_COOKIE, token, httponly=True, samesite="Strict")
            raise answer
        if not secrets.compare_digest(request.cookies.get(_COOKIE, ""), token):
            raise web.HTTPForbidden(text="open the address that halodeck serve has said")
        response: web.StreamResponse = await handler(request)
        return response

    return gate


COMMANDS = (Command("serve", serve, 2, answer={"address": "to open in a browser; told at once"}),)
