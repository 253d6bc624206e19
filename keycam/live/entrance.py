"""Where a run is to be seen: looked at before torch is imported, which takes seconds, so that a mistake is told at once."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from keycam.live.display import refuse_without_display
from keycam.live.errors import PageError
from keycam.live.plan import LivePlan

OF_THE_PAGE = ("fastapi", "uvicorn")
"""What the extra `live` brings."""


@contextmanager
def entrance(plan: LivePlan) -> Iterator[socket.socket | None]:
    """The socket on which the page of a plan will be served, None without one; a browser that comes early waits there.

    Raises PageError where the page cannot be served there, or no window can be opened.
    """
    if plan.display == "window":
        refuse_without_display()
    if plan.display != "page":
        yield None
        return
    for package in OF_THE_PAGE:
        if find_spec(package) is None:
            raise PageError(f"live: {package} is not installed; allowed is with it: pip install 'keycam[live]'")
    with listening(plan.host, plan.port) as opened:
        yield opened


def listening(host: str, port: int) -> socket.socket:
    """A socket on which connections are taken; port 0 for any free one. Raises PageError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError) as error:  # the latter for a name that no name can be
        why = getattr(error, "strerror", None) or "it is not a name"
        raise PageError(f"host = {host}: there is no such address ({why}); allowed is one of this machine's") from error
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = os.strerror(error.errno or 0)  # the error's own text repeats the address
        trouble = f"host = {host}, port = {port}: the page cannot be served there ({why})"
        raise PageError(f"{trouble}; allowed is a free port from 1024 on, or 0 for any, on this machine") from error
