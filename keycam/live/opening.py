"""From what was asked to a camera that is there: its key, its counters, and what it looks at or where it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from adc import Geometry
from firmware_model import geometry_of
from keycam.camera_corrections import UNCORRECTED, CameraCorrections, corrections_for
from keycam.camera_key import counters_of, open_camera_key
from keycam.demo_source import RESERVE
from keycam.key import Key, new_key
from keycam.keyfile import open_key
from keycam.live.camera_here import CameraHere
from keycam.live.camera_there import CameraThere
from keycam.live.live_camera import LiveCamera
from keycam.live.plan import LivePlan
from keycam.live.scene_source import scene_source
from keycam.live.scene_supply import SceneSupply
from keycam.passphrase import known_passphrase


@dataclass(frozen=True, eq=False)
class Opened:
    """A camera that is looked through; `supply` is None where its scenes are not made here."""

    camera: LiveCamera
    geometry: Geometry
    supply: SceneSupply | None
    corrections: CameraCorrections = UNCORRECTED


@contextmanager
def opened_camera(plan: LivePlan) -> Iterator[Opened]:
    """The camera of a plan, until the block ends.

    Raises SceneError where the source has no scene, KeyFileError where the key cannot be used, CorrectionsError where corrections
    are not of that camera, and what a link is refused with.
    """
    with _key(plan) as key:
        client = key.card.client(plan.client)
        if plan.link is not None:
            camera = CameraThere(plan.link, key, client, plan.settings)
            try:
                corrections = UNCORRECTED
                if plan.corrections is not None:
                    corrections = corrections_for(camera.identity, plan.corrections)
                    camera.keep_gain()
                yield Opened(camera, geometry_of(camera.profile), None, corrections)
            finally:
                camera.close()
            return
        with SceneSupply(scene_source(plan)) as supply, counters_of(plan.key, key, client, reserve=RESERVE) as counters:
            supply.start()
            here = CameraHere(supply, key, client, counters, plan.settings, plan.seed)
            yield Opened(here, geometry_of(here.profile), supply)


def _key(plan: LivePlan) -> Key:
    if plan.key is None:
        return new_key("live", ["host"])
    if plan.link is not None:
        file = plan.key
        return open_key(file, lambda: known_passphrase(plan.passphrase_file, str(file)))
    return open_camera_key(plan.key, plan.passphrase_file)
