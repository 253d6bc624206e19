"""`keycam live`: the camera, whoever looks at it, and a clean end at any moment."""

import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from types import FrameType
from typing import Any

import torch

from inference.recording import RecordingWriter
from keycam.interrupt import interrupt_when_imported
from keycam.live.chosen_network import chosen_network
from keycam.live.display import has_display
from keycam.live.live_frame import LiveFrame
from keycam.live.networks import LiveNetworks
from keycam.live.opening import Opened, opened_camera
from keycam.live.pipeline import Pipeline
from keycam.live.plan import LivePlan
from keycam.live.trial import run_trial
from keycam.live.window import Window

Served = Callable[[dict[str, Any]], None]
Tell = Callable[[str], None]
LONG_S = 3.0
"""After so long a person wants to know what takes so long."""


def run_live(plan: LivePlan, place: socket.socket | None, served: Served, tell: Tell) -> tuple[dict[str, Any], Exception | None]:
    """Run until the source is over, as many frames as wanted are answered for, or somebody stops it.

    `place` is where the page will be served, None without one; `served` is told its address, and `tell` what takes long.
    Returns the summary, and what broke the run off where something did: the summary is not lost with it. Raises what stands in
    the way of a beginning.
    """
    chosen = chosen_network(plan.model, plan.weights)
    with ExitStack() as stack:
        opened = stack.enter_context(opened_camera(plan))
        networks = LiveNetworks(chosen, opened.camera.profile, opened.geometry)
        writer = None if plan.record is None else stack.enter_context(RecordingWriter(plan.record))
        looking = _Looking()
        keep = plan.keep or ("latest" if opened.supply is None else opened.supply.source.keep)
        pipeline = Pipeline(opened.camera, networks, keep, looking.shown, looking.wants_frame, writer)
        stack.enter_context(_half_of_the_cores())
        begun = threading.Event()
        stack.enter_context(_stopped_by_signals(pipeline, begun))
        stack.enter_context(_display(plan, pipeline, opened, looking, served, place))
        networks.corrections = opened.corrections.of_trial
        with _told_if_long(tell):
            run_trial(opened.camera, networks)
        networks.corrections = opened.corrections.of_frame
        begun.set()
        failure: Exception | None = None
        try:
            pipeline.run(plan.frames)
        except Exception as error:
            failure = error
        summary = {"source": plan.source, "model": plan.model, "camera": _size(opened), "keep": keep, **pipeline.statistics()}
    return summary, failure


@contextmanager
def _half_of_the_cores() -> Iterator[None]:
    """Leave cores to the camera and the image signal processor, which run beside the network.

    Threads that share one network's work wait actively for one another: where they share cores too, two take longer than one.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, before // 2))
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Looking:
    """Who looks; nobody until a display is there."""

    def __init__(self) -> None:
        self.look: Callable[[LiveFrame], None] = _nobody
        self.wanted: Callable[[], bool] = lambda: False

    def shown(self, frame: LiveFrame) -> None:
        self.look(frame)

    def wants_frame(self) -> bool:
        return self.wanted()


def _nobody(frame: LiveFrame) -> None:
    """Nobody looks."""


def _display(
    plan: LivePlan, pipeline: Pipeline, opened: Opened, looking: _Looking, served: Served, place: socket.socket | None
) -> AbstractContextManager[None]:
    if place is not None:
        return _page(plan, place, pipeline, opened, looking, served)
    if plan.display == "window":
        return _window(pipeline, looking)
    return nullcontext()


@contextmanager
def _window(pipeline: Pipeline, looking: _Looking) -> Iterator[None]:
    def reveal() -> None:
        pipeline.set("reveal", not pipeline.settings.reveal)

    window = Window(pipeline.networks.chosen, pipeline.stop, reveal)
    looking.look, looking.wanted = window.show, lambda: True
    try:
        yield
    finally:
        window.close()


@contextmanager
def _page(
    plan: LivePlan, place: socket.socket, pipeline: Pipeline, opened: Opened, looking: _Looking, served: Served
) -> Iterator[None]:
    # The extra `live`, which a run without the page does without.
    from keycam.live.access import new_token
    from keycam.live.hub import Hub
    from keycam.live.page import live_page
    from keycam.live.server import PageServer
    from keycam.live.show import Show

    hub, token = Hub(), new_token() if plan.needs_token else None
    show = Show(pipeline, opened.supply, plan.seed)

    def look(frame: LiveFrame) -> None:
        hub.publish(frame.counter, frame.seen_s, show.message_of(frame))

    with PageServer(live_page(show, hub, token), hub, plan.host, place) as server:
        looking.look, looking.wanted = look, hub.wants_frame
        url = server.url(token)
        served({"url": url, "source": opened.camera.name, "model": plan.model})
        if plan.browser and has_display():  # without one a text browser would take the terminal
            webbrowser.open(url)
        try:
            yield
        finally:
            show.close()


@contextmanager
def _stopped_by_signals(pipeline: Pipeline, begun: threading.Event) -> Iterator[None]:
    """The first SIGINT or SIGTERM ends the run after its frame, the second one at once, as does one before it has begun."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = threading.Event()

    def stop(number: int, at: FrameType | None) -> None:
        if not begun.is_set():
            interrupt_when_imported(number, at)
        asked.set()
        signal.signal(number, signal.default_int_handler)

    # A thread of its own, as a handler must not wait for locks that what it interrupted may hold.
    stopper = threading.Thread(target=_stop_when, args=(asked, pipeline), name="keycam-stop", daemon=True)
    stopper.start()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        asked.set()
        stopper.join()


@contextmanager
def _told_if_long(tell: Tell) -> Iterator[None]:
    timer = threading.Timer(LONG_S, tell, ("compiling its kernels, as the first run does: frames come in about a minute",))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _stop_when(asked: threading.Event, pipeline: Pipeline) -> None:
    asked.wait()
    pipeline.stop()


def _size(opened: Opened) -> str:
    return f"{opened.geometry.width}x{opened.geometry.height}"
