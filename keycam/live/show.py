"""What visitors of the page see and may do: the pipeline behind them, whose webcam is shared, and the audit."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from keycam.live.audit_button import AuditButton
from keycam.live.live_frame import LiveFrame
from keycam.live.panes import QUALITY, jpeg, panes
from keycam.live.pipeline import Pipeline
from keycam.live.said import said_of
from keycam.live.scene_source import VISITORS_WEBCAM
from keycam.live.scene_supply import SceneSupply
from keycam.live.settings import LIMITS, Value
from keycam.live.wire import packed
from keycam.policy import name_of
from sensor_sim import Scene


class Show:
    """The live camera as visitors meet it; any thread may call.

    Parameters
    ----------
    pipeline
        Camera and networks.
    supply
        Of scenes, which a visitor's webcam can take the place of; None for a camera on a wire.
    seed
        Of what an audit draws.
    """

    def __init__(self, pipeline: Pipeline, supply: SceneSupply | None, seed: int) -> None:
        self._pipeline, self._supply = pipeline, supply
        self._audit = AuditButton(pipeline, seed)
        self._damaged: Counter[str] = Counter()

    def message_of(self, frame: LiveFrame) -> bytes:
        """What a page is sent of a frame: answers and pictures."""
        chosen = self._pipeline.networks.chosen
        header = {
            "type": "frame",
            "counter": frame.counter,
            "policy": name_of(frame.raw.header.policy),
            "latency_ms": round(1e3 * frame.latency_s, 1),
            "answers": said_of(frame, chosen),
        }
        shown = panes(frame, chosen.classes)
        return packed(header, {name: jpeg(picture, QUALITY[name]) for name, picture in shown.items()})

    def state(self) -> dict[str, Any]:
        """Settings, what may be set, and how the run goes."""
        pipeline = self._pipeline
        statistics = pipeline.statistics()
        if self._damaged:
            statistics["dropped"]["picture_damaged"] = self._damaged.total()
        can_share = self._supply is not None
        return {
            "settings": pipeline.settings.as_json(),
            "takes": sorted(pipeline.camera.takes),
            "limits": {name: list(limits) for name, limits in LIMITS.items()},
            "model": pipeline.networks.chosen.name,
            "statistics": statistics,
            "can_share": can_share,
            "waits_for_webcam": can_share and pipeline.camera.name == VISITORS_WEBCAM,
            "auditing": self._audit.is_running,
        }

    def set(self, name: str, value: Value) -> None:
        """Change a setting. Raises ValueError, and what a camera on a wire refuses."""
        self._pipeline.set(name, value)

    def rotate(self) -> None:
        """Begin the next epoch. Raises ValueError."""
        self._pipeline.rotate()

    def share(self, visitor: object) -> None:
        """Look through a visitor's webcam. Raises ValueError where that is not possible."""
        if self._supply is None:
            raise ValueError("webcam: the camera on the wire has a lens of its own; allowed is without camera:LINK")
        if not self._supply.share(visitor):
            raise ValueError("webcam: another visitor shares one; allowed is one at a time")

    def unshare(self, visitor: object) -> None:
        """Look at the source again; harmless for who does not share."""
        if self._supply is not None:
            self._supply.unshare(visitor)

    def share_scene(self, visitor: object, scene: Scene, seen_s: float) -> None:
        """What the visitor's webcam sees."""
        if self._supply is not None:
            self._supply.put_shared(visitor, scene, seen_s)

    def damaged(self, sentence: str) -> None:
        """A picture that could not be taken."""
        self._damaged[sentence] += 1

    def audit(self, tell: Callable[[str | bytes], None]) -> None:
        """Attack what the link carried; `tell` is told how it goes. Raises ValueError while one runs or frames are few."""
        self._audit.press(tell)

    def close(self) -> None:
        """End an audit that runs."""
        self._audit.close()
