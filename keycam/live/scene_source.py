"""SOURCE as scenes: the demonstration, files, webcams and network cameras; or nothing but what a visitor's browser sends."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from inference.choices import Keep
from keycam.live.demo_views import DemoViews
from keycam.live.plan import BROWSER, LivePlan
from sensor_sim import Scene
from sensor_sim.scene import CameraSource, ImageSource, open_scene

DEMO = "demo"
VISITORS_WEBCAM = "the visitor's webcam"


@dataclass(frozen=True, eq=False)
class SceneSource:
    """Scenes, and how they are taken.

    Attributes
    ----------
    name
        What may be shown of it: never a password.
    scenes
        May be gone over again.
    keep
        "latest" where scenes come by themselves, "all" where they wait.
    fps
        Scenes a second; None where the source has a pace of its own.
    comes_back
        Whether its end is a loss that may mend: that of a camera, not of a file.
    repeats
        Whether it begins again at its end.
    """

    name: str
    scenes: Iterable[Scene]
    keep: Keep
    fps: float | None
    comes_back: bool = False
    repeats: bool = False


class _NoScenes:
    """What `browser` stands for: scenes come from visitors alone."""

    def __iter__(self) -> Iterator[Scene]:
        return iter(())


def scene_source(plan: LivePlan) -> SceneSource:
    """The source of a plan whose camera is in this process. Raises SceneError where it cannot be one."""
    if plan.source == DEMO:
        return SceneSource("demo", DemoViews(plan.seed), plan.keep or "latest", plan.fps)
    if plan.source == BROWSER:
        return SceneSource(VISITORS_WEBCAM, _NoScenes(), plan.keep or "latest", None)
    scenes = open_scene(plan.source)
    if isinstance(scenes, CameraSource):
        return SceneSource(f"camera {scenes.name}", scenes, plan.keep or "latest", None, comes_back=True)
    if isinstance(scenes, ImageSource) and len(scenes) == 1:
        scenes = _Still(next(iter(scenes)))
    # Who looks wants to go on looking; without a display the work is done when the file is.
    return SceneSource(plan.source, scenes, plan.keep or "all", plan.fps, repeats=plan.display != "none")


class _Still:
    """One picture, which is read once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def __iter__(self) -> Iterator[Scene]:
        return iter((self._scene,))
