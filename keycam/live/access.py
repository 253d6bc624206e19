"""Who may open the page: this machine's browsers, and from elsewhere whoever has the token; never a page of another site."""

import ipaddress
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "keycam_token"
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; media-src blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(32)


class Guard:
    """Refuses who may not, before anything of the page is reached, and adds what browsers are to enforce.

    Without a token only requests to a loopback name are answered: a foreign site whose name was pointed to this machine (DNS
    rebinding) sends its own name. A WebSocket must come from a page of this server.

    Parameters
    ----------
    app
        What is guarded.
    token
        Must be in the address once, then in a cookie; None where only this machine reaches the server.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        trouble = self._trouble(connection)
        if trouble is not None:
            await _refused(scope, receive, send, trouble)
        elif scope["type"] == "http" and self._token is not None and "token" in connection.query_params:
            # The token leaves the address, so that it is not in the history or on a screenshot.
            answer = RedirectResponse(connection.url.path, 303, SECURITY_HEADERS)
            answer.set_cookie(COOKIE, self._token, httponly=True, samesite="strict", secure=connection.url.scheme == "https")
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _trouble(self, connection: HTTPConnection) -> str | None:
        if self._token is None:
            if not _names_this_machine(connection.headers):
                return "host: this page is served to this machine alone"
        else:
            given = connection.query_params.get("token") or connection.cookies.get(COOKIE, "")
            if not secrets.compare_digest(given.encode(), self._token.encode()):
                return "token: it is missing or wrong; allowed is the address that 'keycam live' printed"
        if connection.scope["type"] == "websocket" and _is_foreign(connection.headers):
            return "origin: another site's page may not look"
        return None


def _names_this_machine(headers: Headers) -> bool:
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_foreign(headers: Headers) -> bool:
    origin = headers.get("origin")  # programs send none; browsers always do
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


async def _refused(scope: Scope, receive: Receive, send: Send, trouble: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": trouble})
    else:
        await PlainTextResponse(f"{trouble}\n", 403, SECURITY_HEADERS)(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return sending
