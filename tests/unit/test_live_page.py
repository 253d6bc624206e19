"""The page's server before a browser opens it: who may look, what is answered, and that it ends while pages are open."""

import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from urllib.error import HTTPError

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from keycam.live.entrance import listening
from keycam.live.errors import PageError
from keycam.live.hub import MOST_VIEWERS, Hub
from keycam.live.page import STATIC, live_page
from keycam.live.server import PageServer


class StandIn:
    """What the page asks of a show."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.sharer: object | None = None

    def state(self) -> dict[str, Any]:
        return {"statistics": {}}

    def set(self, name: str, value: object) -> None:
        if name == "bad":
            raise ValueError("bad = 1: allowed is none")
        self.done.append((name, value))

    def rotate(self) -> None:
        self.done.append("rotate")

    def share(self, visitor: object) -> None:
        self.sharer = visitor

    def unshare(self, visitor: object) -> None:
        if self.sharer is visitor:
            self.sharer = None

    def share_scene(self, visitor: object, scene: Any, seen_s: float) -> None:
        self.done.append(scene.shape)

    def damaged(self, sentence: str) -> None:
        self.done.append(sentence)

    def audit(self, tell: Callable[[str | bytes], None]) -> None:
        threading.Thread(target=tell, args=('{"type": "auditing"}',)).start()


@contextmanager
def served(token: str | None = None) -> Iterator[tuple[PageServer, Hub, StandIn]]:
    hub, show = Hub(), StandIn()
    with PageServer(live_page(show, hub, token), hub, "127.0.0.1", listening("127.0.0.1", 0)) as server:
        yield server, hub, show


def socket_of(server: PageServer, **how: Any) -> AbstractContextManager[ClientConnection]:
    address = f"ws://127.0.0.1:{server.port}/live{how.pop('query', '')}"
    return connect(address, max_size=None, open_timeout=20, **how)


def heard(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        said = socket.recv(timeout=20)
        if isinstance(said, str) and json.loads(said)["type"] == kind:
            return dict(json.loads(said))


def status(server: PageServer, path: str = "", **headers: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def test_every_file_of_the_page_is_there_and_says_what_browsers_are_to_enforce() -> None:
    with served() as (server, _, _show):
        for file in ["", *(each.name for each in STATIC.iterdir())]:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/{file}", timeout=20) as answer:
                assert answer.status == 200
                assert "default-src 'none'" in answer.headers["content-security-policy"]
                assert answer.headers["cache-control"] == "no-store"
                # Nothing is fetched from elsewhere: the only address is the name of SVG's language.
                assert set(re.findall("https?://[^\"']*", answer.read().decode())) <= {"http://www.w3.org/2000/svg"}
        assert status(server, "../page.py") == 404
        assert status(server, "nothing") == 404


def test_what_a_visitor_asks_is_done_and_nonsense_is_answered_in_a_sentence() -> None:
    with served() as (server, _, show), socket_of(server) as socket:
        heard(socket, "state")
        for message in ({"type": "set", "name": "analog_gain", "value": 2}, {"type": "rotate"}):
            socket.send(json.dumps(message))
        for nonsense in ("}", json.dumps({"type": "format"}), json.dumps({"type": "set", "name": "bad", "value": 1})):
            socket.send(nonsense)
            assert "allowed is" in heard(socket, "refused")["sentence"]
        assert show.done == [("analog_gain", 2.0), "rotate"]
        socket.send(b"no picture")
        socket.send(json.dumps({"type": "audit"}))
        heard(socket, "auditing")
        assert show.done[2:] == ["picture: it cannot be decoded; allowed is JPEG"]


def test_a_webcam_is_withdrawn_with_the_page_that_shares_it() -> None:
    with served() as (server, _, show):
        with socket_of(server) as socket:
            socket.send(json.dumps({"type": "share"}))
            heard(socket, "state")
            deadline_s = time.monotonic() + 10
            while show.sharer is None:
                assert time.monotonic() < deadline_s
                time.sleep(0.01)
        while show.sharer is not None:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)


def test_frames_reach_two_pages_and_a_slow_one_does_not_hold_up_the_other() -> None:
    with served() as (server, hub, _), socket_of(server) as fast, socket_of(server) as slow:
        for socket in (fast, slow):
            heard(socket, "state")
        for counter in range(40):
            hub.publish(counter, time.perf_counter(), b"frame %d" % counter)
            while not isinstance(said := fast.recv(timeout=20), bytes):
                pass
            assert said == b"frame %d" % counter
            fast.send(json.dumps({"type": "ack", "counter": counter}))
            deadline_s = time.monotonic() + 10
            while not any(viewer.sent == counter + 1 and viewer.has_credit for viewer in hub.viewers):
                assert time.monotonic() < deadline_s
                time.sleep(0.001)
        assert sorted((viewer.sent, viewer.skipped) for viewer in hub.viewers) == [(2, 38), (40, 0)]


def test_a_page_too_many_is_told_so() -> None:
    with served() as (server, hub, _), ExitStack() as pages:
        for _ in range(MOST_VIEWERS):
            heard(pages.enter_context(socket_of(server)), "state")
        with socket_of(server) as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "16 pages are open already; close one of them")
        assert len(hub.viewers) == MOST_VIEWERS


def test_from_elsewhere_nobody_looks_without_the_token() -> None:
    with served("s3cret") as (server, _, _show):
        with socket_of(server, query="?token=s3cret") as socket:
            heard(socket, "state")
        for query in ("", "?token=", "?token=s3cre", "?token=%C3%A9"):
            with pytest.raises(InvalidStatus) as refused, socket_of(server, query=query):
                pytest.fail("it was let in")
            assert refused.value.response.status_code == 403
        assert status(server) == 403
        assert status(server, Cookie="keycam_token=wrong") == 403
        assert status(server, Cookie="keycam_token=s3cret") == 200
        # The redirect takes the token out of the address and gives a cookie instead, which urllib does not keep.
        assert status(server, "?token=s3cret") == 403
        assert server.url("s3cret") == f"http://127.0.0.1:{server.port}/?token=s3cret"


def test_other_sites_and_other_names_of_this_machine_are_refused() -> None:
    with served() as (server, _, _show):
        own = f"127.0.0.1:{server.port}"
        with socket_of(server, origin=f"http://{own}") as socket:
            heard(socket, "state")
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{server.port + 1}"):
            with pytest.raises(InvalidStatus) as refused, socket_of(server, origin=origin):
                pytest.fail("it was let in")
            assert refused.value.response.status_code == 403
        assert status(server, Host="evil.example") == 403  # DNS rebinding: its name was pointed here
        assert status(server, Host="localhost") == 200
        assert status(server, Host="[::1]:80") == 200


def test_it_ends_within_three_seconds_while_pages_are_open_and_wait_for_credit() -> None:
    with served() as (server, hub, _), ExitStack() as opened:
        sockets = [opened.enter_context(socket_of(server)) for _ in range(3)]
        for socket in sockets:
            heard(socket, "state")
        for counter in range(9):
            hub.publish(counter, time.perf_counter(), bytes(1000))
        began_s = time.monotonic()
        server.close()
        assert time.monotonic() - began_s < 3
        assert not server._thread.is_alive()
        for socket in sockets:
            with pytest.raises(ConnectionClosed):
                while True:
                    socket.recv(timeout=5)


def test_a_port_in_use_and_a_host_that_is_not_this_machine_are_refused() -> None:
    with served() as (server, _, _):
        with pytest.raises(PageError, match=r"cannot be served there \(Address already in use\); allowed is a free port"):
            listening("127.0.0.1", server.port)
        with pytest.raises(PageError, match=r"host = 192\.0\.2\.1, port = 0: the page cannot be served there"):
            listening("192.0.2.1", 0)
