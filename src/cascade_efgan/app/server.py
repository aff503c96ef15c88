"""The service on a port of this machine."""

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cascade_efgan.app.limits import Limits
from cascade_efgan.app.request_filter import LOOPBACK
from cascade_efgan.app.service import make_app

if TYPE_CHECKING:
    from cascade_efgan.app.processes import ProcessEngine

log = logging.getLogger("efgan.app")


def make_server(engine: "ProcessEngine", limits: Limits, host: str, port: int) -> uvicorn.Server:
    """A server that is not started yet; port 0 lets the system choose, a host beyond this machine answers any name."""
    hosts = LOOPBACK if host in LOOPBACK else None
    config = uvicorn.Config(
        _answered(make_app(engine, limits, hosts)),
        host=host,
        port=port,
        access_log=False,  # addresses of requests carry the tokens of photographs
        log_level="warning",
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=1,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """Ends within two seconds, whatever it is doing."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Break off all requests first: uvicorn would wait for uploads and edits, then print their tracebacks."""
        for task in self.server_state.tasks:
            task.cancel()
        await super().shutdown(sockets)


def _answered(app: ASGIApp) -> ASGIApp:
    """The service, whose requests are answered even where the server breaks them off."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            with contextlib.suppress(Exception):  # an answer may have begun
                await JSONResponse({"error": "The page was stopped."}, 503)(scope, receive, send)

    return answering
