"""The page's server side: static files, and a WebSocket for each page that is open."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter
from typing import Any

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.staticfiles import StaticFiles

from keycam.live.access import Guard
from keycam.live.hub import MOST_VIEWERS, Hub, Viewer
from keycam.live.show import Show
from keycam.live.webcam import DamagedPicture, scene_of_jpeg
from keycam.live.wire import AckMessage, AskMessage, SetMessage, message_of

STATIC = Path(__file__).parent / "static"
STATE_S = 0.5
TRY_AGAIN_LATER = 1013


def live_page(show: Show, hub: Hub, token: str | None) -> Guard:
    """The application that serves the page of a show to all pages of a hub."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        telling = asyncio.create_task(_tell(show, hub))
        yield
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        viewer = hub.join()
        if viewer is None:
            await socket.accept()  # a socket that was never open cannot say why it closes
            await socket.close(TRY_AGAIN_LATER, f"{MOST_VIEWERS} pages are open already; close one of them")
            return
        try:
            await socket.accept()
            viewer.tell(state_of(show, hub))
            await _first_of(_send(socket, viewer), _receive(socket, viewer, show, hub))
        finally:
            hub.leave(viewer)
            show.unshare(viewer)

    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return Guard(app, token)


def state_of(show: Show, hub: Hub) -> str:
    """How things stand, for the page."""
    viewers = [{"sent": viewer.sent, "skipped": viewer.skipped, "age_ms": viewer.age.recent_ms()} for viewer in hub.viewers]
    return json.dumps({"type": "state", **show.state(), "viewers": viewers})


async def _tell(show: Show, hub: Hub) -> None:
    while True:
        await asyncio.sleep(STATE_S)
        if hub.viewers:
            hub.tell(await asyncio.to_thread(state_of, show, hub))


async def _first_of(*works: Any) -> None:
    """Do several things until one of them is at its end, and end the others; who waits for credit never waits alone."""
    tasks = [asyncio.ensure_future(work) for work in works]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        with contextlib.suppress(WebSocketDisconnect):
            task.result()


async def _send(socket: WebSocket, viewer: Viewer) -> None:
    while (message := await viewer.next()) is not None:
        if isinstance(message, bytes):
            await socket.send_bytes(message)
        else:
            await socket.send_text(message)
    await socket.close()


async def _receive(socket: WebSocket, viewer: Viewer, show: Show, hub: Hub) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        try:
            if message.get("text") is not None:
                await _heard(message["text"], viewer, show, hub)
            elif message.get("bytes") is not None:
                seen_s = perf_counter()
                scene = await asyncio.to_thread(scene_of_jpeg, message["bytes"])
                show.share_scene(viewer, scene, seen_s)
        except DamagedPicture as error:
            show.damaged(str(error))
        except ValueError as error:
            viewer.notify(json.dumps({"type": "refused", "sentence": str(error)}))
            viewer.tell(state_of(show, hub))


async def _heard(text: str, viewer: Viewer, show: Show, hub: Hub) -> None:
    message = message_of(text)
    if isinstance(message, AckMessage):
        viewer.acknowledged(message.counter)
        return
    if isinstance(message, SetMessage):
        await asyncio.to_thread(show.set, message.name, message.value)
    elif isinstance(message, AskMessage):
        await _asked(message, viewer, show, hub)
    hub.tell(state_of(show, hub))


async def _asked(message: AskMessage, viewer: Viewer, show: Show, hub: Hub) -> None:
    if message.type == "rotate":
        await asyncio.to_thread(show.rotate)
    elif message.type == "share":
        show.share(viewer)
    elif message.type == "unshare":
        show.unshare(viewer)
    else:
        show.audit(hub.announce)
