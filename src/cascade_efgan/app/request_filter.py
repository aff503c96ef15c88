"""What every answer carries, and which requests are let in at all."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    # The browser loads from this service only, runs no inline script, and shows the page in no other page's frame.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class RequestFilter:
    """Puts `HEADERS` on every answer, and refuses other hosts' names and other sites' pages.

    A page elsewhere could otherwise send requests to this service from the user's own browser: by a name that it
    makes point to 127.0.0.1 (its `Host` is then not ours), or across sites (its `Origin` is then not our `Host`).
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...] | None) -> None:
        """`hosts`: names by which it may be called; None: any, for a service that others reach under theirs."""
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if self._refused(given.get("host", ""), given.get("origin")):
            text = "this service answers only its own page; open the address that it printed"
            await JSONResponse({"error": text}, 403)(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)

    def _refused(self, host: str, origin: str | None) -> bool:
        try:
            name, place = urlsplit(f"//{host}").hostname, urlsplit(origin or "").netloc
        except ValueError:
            return True
        return (self._hosts is not None and name not in self._hosts) or (origin is not None and place != host)
