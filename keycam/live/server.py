"""The page's server, beside the pipeline: a thread with an event loop."""

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from keycam.live.hub import Hub
from keycam.live.wire import MOST_BYTES

GRACE_S = 1
"""How long a page that is open may take to hear that the server ends."""
END_S = 3.0


class PageServer:
    """Serves an application from its construction until `close`; use it as a context manager.

    Parameters
    ----------
    app, hub
        What is served, and who looks.
    host, opened
        Where, as it was asked for, and the socket of `entrance` there, which it closes.
    """

    def __init__(self, app: ASGIApp, hub: Hub, host: str, opened: socket.socket) -> None:
        self._hub = hub
        self._socket = opened
        self.port: int = self._socket.getsockname()[1]
        self._host = host
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="websockets-sansio",
            ws_max_size=MOST_BYTES,
            timeout_graceful_shutdown=GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="keycam-page", daemon=True)
        self._thread.start()

    def url(self, token: str | None) -> str:
        """What to open in a browser."""
        everywhere = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}
        host = everywhere.get(self._host, self._host)
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.port}/" + ("" if token is None else f"?token={token}")

    def close(self) -> None:
        """Tell all pages and end; harmless when repeated."""
        self._hub.close()
        self._server.should_exit = True
        self._thread.join(END_S)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
