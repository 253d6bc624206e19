"""`keycam camera`: a camera model as a process of its own, behind a link."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import typer

from firmware_model.bench import Bench
from firmware_model.bench_socket import BenchSocket
from firmware_model.body import Body
from firmware_model.device import Device
from firmware_model.device_faults import DeviceFaults
from firmware_model.fault_socket import FaultSocket
from firmware_model.firmware_image import firmware_hash
from firmware_model.flash import Flash
from firmware_model.hardware import Hardware
from firmware_model.key_slots import SLOTS
from firmware_model.scenes import EndlessScenes
from firmware_model.warm_up import warm_up
from keycam.demo_scenes import DemoScenes
from keycam.device_key import counter_path_of, fuses_of, open_device_key, put_in
from keycam.key import Key
from keycam.policy import caution, named_policy
from link.messages import SlotState
from link.transport import Transport, open_port
from link.transport.opening import DEFAULT_BAUD
from link.transport.pacing import check_baud
from sensor_sim import DEMO_PROFILE, Scene, SensorProfile, load_profile
from sensor_sim.scene import open_scene, uniform_field

PHOTOGRAPHS = "photographs"
VIEWS = 120
"""Views of the bundled photographs, until they come again: as many as `keycam demo` shows."""


@dataclass(frozen=True)
class CameraPlan:
    """What `keycam camera` is asked to do."""

    link: str
    key: Path
    profile: str = "demo"
    client: str | None = None
    passphrase_file: Path | None = None
    state: Path | None = None
    source: str | None = None
    views: int = VIEWS
    baud: int | None = None
    policy: str = "secure"
    faults: Path | None = None
    bench: Path | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        named_policy(self.policy)
        check_baud(self.baud)
        if self.views < 1:
            raise ValueError(f"views = {self.views}: allowed is 1 or more")
        if self.bench is not None and self.source is not None:
            raise ValueError(f"source = {self.source}: allowed with --bench is none, as the camera looks at the bench's light")


def run_camera(plan: CameraPlan, listening: Callable[[dict[str, Any]], None]) -> None:
    """Serve hosts until SIGINT or SIGTERM comes; `listening` is told where, once the camera is ready.

    Raises what the key, the profile, the source, the folder of its flash and the link are refused with, before it listens.
    """
    caution(plan.policy)
    hardware = Hardware(_profile(plan), plan.seed, plan.policy, _baud(plan))
    bench, scenes = Bench(hardware.profile), EndlessScenes(_scenes(plan))
    with ExitStack() as opened:
        key = opened.enter_context(open_device_key(plan.key, plan.passphrase_file))
        key.card.client(plan.client)  # refused before anything is made
        scene = uniform_field(2, 2) if plan.bench is not None else scenes.peek()
        port = open_port(plan.link, baud=plan.baud)
        opened.callback(port.close)
        faults = DeviceFaults(plan.seed)
        if plan.faults is not None:
            opened.enter_context(FaultSocket(plan.faults, faults))
        if plan.bench is not None:
            opened.enter_context(BenchSocket(plan.bench, bench))
        flash = opened.enter_context(Flash(_state(plan, key), faults))
        fuses = fuses_of(key, plan.seed)
        fuses.claim(flash)
        put_in(key, plan.client, flash, fuses, plan.key)
        warm_up(hardware, scene)
        surroundings = scenes if plan.bench is None else bench
        body = Body(hardware, fuses, flash, surroundings, counter_path_of(key, plan.key, flash), faults)
        device = Device(body)
        opened.callback(device.close)
        stopping = opened.enter_context(_stopped_by_signals())
        _say_what_slots_lack(device, flash)
        listening(_where(port, plan, key, device))
        device.serve(port, stopping)


def _say_what_slots_lack(device: Device, flash: Flash) -> None:
    slots = device.boot.slots
    corrupt = [slot.name for slot in SLOTS if slots.state(slot) is SlotState.CORRUPT]
    if corrupt:
        use = "no key is left" if slots.active is None else f"the key in slot {slots.active.name} is used"
        sentence = (
            f"key slot {' and '.join(corrupt)} in {flash.folder} is corrupt, {use}; allowed is to provision a key as the owner"
        )
        typer.echo(f"keycam: {sentence}", err=True)


def _where(port: Transport, plan: CameraPlan, key: Key, device: Device) -> dict[str, Any]:
    return {
        "link": port.name,
        "device": key.card.device,
        "profile": plan.profile,
        "policy": plan.policy,
        "firmware": firmware_hash().hex(),
        "boot": device.boot.boot_counter,
        "faults": None if plan.faults is None else str(plan.faults),
        "bench": None if plan.bench is None else str(plan.bench),
    }


def _baud(plan: CameraPlan) -> int | None:
    """Bits a second of the line: a serial port has a rate of its own, the others only if they are to stand for a line."""
    is_serial_port = plan.link != "pty" and "://" not in plan.link
    return DEFAULT_BAUD if plan.baud is None and is_serial_port else plan.baud


def _profile(plan: CameraPlan) -> SensorProfile:
    profile = DEMO_PROFILE if plan.profile == DEMO_PROFILE.name else load_profile(plan.profile)
    return profile if plan.bench is None else replace(profile, lens=None)  # a light that is even stays so, as the standard asks


def _scenes(plan: CameraPlan) -> Iterable[Scene]:
    return _Photographs(plan.views, plan.seed) if plan.source in (None, PHOTOGRAPHS) else open_scene(plan.source)


def _state(plan: CameraPlan, key: Key) -> Path:
    return plan.key.resolve().with_name(f"{key.card.fingerprint}.camera") if plan.state is None else plan.state


class _Photographs:
    """What `keycam demo` looks at, again and again."""

    def __init__(self, views: int, seed: int) -> None:
        self._views, self._seed = views, seed

    def __iter__(self) -> Iterator[Scene]:
        return (shot.scene for shot in DemoScenes(None, None, self._views, self._seed))


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set: for a camera that is the ordinary way to be switched off."""
    stopping = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
