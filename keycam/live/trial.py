"""A trial before the first frame: what has to be compiled for one is, where Ctrl-C gets through and it can be said."""

import secrets

from adc import KeySchedule
from keycam.live.live_camera import LiveCamera
from keycam.live.networks import LiveNetworks
from keycam.policy import named_policy


def run_trial(camera: LiveCamera, networks: LiveNetworks) -> None:
    """Take one frame of darkness from light to answer, under a key of its own, in this thread.

    The first run of all compiles the kernels, for about a minute. In the pipeline's threads nobody could interrupt that, and no
    frame would say why it does not come.
    """
    schedule = KeySchedule(secrets.token_bytes(32), device="trial", policy=named_policy(camera.settings.policy))
    try:
        raw = camera.trial(schedule)
        networks.key(schedule, camera.settings.shuffle)
        networks.misread(raw, schedule)
        networks.restored(raw, schedule)
    finally:
        schedule.wipe()
