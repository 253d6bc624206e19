"""keycam's own readout, seen as the peers' schemes are: pictures are the codes of a sensor with three 8-bit samples a photosite.

One adapter for every policy: `secure` (fresh order, fresh mask), `paper` (one static order, as J. Perez, D. Lopez, H. Arguello
published it, ICASSP 2024, though here with a tag) and `raster` (an ordinary camera with a tag).
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from adc import FrameHeader, FrameKey, Geometry, KeySchedule, RawFrame, ReadoutPolicy
from adc.emission import emitted_from
from adc.frame import TAG_BYTES, sealed
from adc.keystream import KEY_BYTES
from adc.policy import PAPER, POLICIES, RASTER, SECURE
from privacy.schemes.scheme import KeyScope, Sent, checked_images, checked_sent, checked_shape, permutations_bits

_TOP_DN = 255


@dataclass(frozen=True, eq=False)
class KeyedReadout:
    """The readout under one schedule; picture n is frame n.

    Attributes
    ----------
    shape
        Height and width, pixels.
    schedule
        Where the frame keys come from, with the policy secure, paper or raster.

    Raises ValueError for another shape or policy.
    """

    shape: tuple[int, int]
    schedule: KeySchedule = field(repr=False)

    notices_alterations: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked_shape(self.shape)
        if self.schedule.policy not in POLICIES.values():
            raise ValueError(f"policy = {self.schedule.policy}: allowed is {', '.join(POLICIES)}")

    @classmethod
    def with_key(cls, rng: np.random.Generator, shape: tuple[int, int], *, policy: ReadoutPolicy = SECURE) -> Self:
        """Draw a master; an audit repeats it from the generator's seed, a camera has one from the system's own source."""
        return cls(shape, KeySchedule(rng.bytes(KEY_BYTES), device="audit", policy=policy))

    @property
    def name(self) -> str:
        """The policy's name, after keycam's."""
        return "keycam-" + next(name for name, policy in POLICIES.items() if policy == self.schedule.policy)

    @property
    def key_bits(self) -> float:
        """256 of the master, or fewer where there are fewer orders; 0 for the raster, whose key makes nothing but the tag."""
        if self.schedule.policy == RASTER:
            return 0.0
        master_bits = 8.0 * KEY_BYTES
        return min(master_bits, permutations_bits(self._geometry.pixels)) if self.schedule.policy == PAPER else master_bits

    @property
    def key_scope(self) -> KeyScope:
        """What has a key of its own."""
        if self.schedule.policy == RASTER:
            return "none"
        return "device" if self.schedule.policy == PAPER else "image"

    @property
    def key_handling(self) -> str:
        """Where the key is and who needs it."""
        if self.schedule.policy == RASTER:
            return "no key hides anything; one master in camera and host for the tag"
        if self.schedule.policy == PAPER:
            return "one static order from a master in camera and host; the keyed network is made from it without training"
        return "one master in camera and host, fresh order and mask for each image; a new master costs nothing"

    @property
    def protects(self) -> str:
        """What it protects."""
        if self.schedule.policy == RASTER:
            return "Hides nothing; any alteration is noticed."
        if self.schedule.policy == PAPER:
            return "Hides the layout of one image, not its colours; some 30 give the order away. Any alteration is noticed."
        return "The whole picture against everyone without the key, and any alteration is noticed; its header shows."

    @cached_property
    def _geometry(self) -> Geometry:
        return Geometry(*self.shape, bits=8, cfa="rgb")

    def encrypt(self, images: NDArray[np.uint8], first: int = 0) -> Sent:
        """Read pictures out, uint8 (N, H, W, 3): samples in emission order; see Scheme."""
        images = checked_images(images, self.shape)
        samples, tags = np.empty(images.shape, np.uint8), np.empty((len(images), TAG_BYTES), np.uint8)
        for at, image in enumerate(images):
            key = self.schedule.frame_key(first + at, self._geometry)
            emitted = emitted_from(image.reshape(-1).astype(np.uint16), _TOP_DN, key)
            raw = sealed(_header(key), emitted, key)
            samples[at] = raw.samples.reshape(image.shape)
            tags[at] = np.frombuffer(raw.tag, np.uint8)
            key.wipe()
        return Sent(samples, tags)

    def decrypt(self, sent: Sent, first: int = 0) -> NDArray[np.uint8]:
        """Verify and restore, uint8 (N, H, W, 3); raises TagError where one was altered, moved or made under another key."""
        samples = checked_sent(sent, self.shape, tag_bytes=TAG_BYTES).samples
        images = np.empty(samples.shape, np.uint8)
        for at, (emitted, tag) in enumerate(zip(samples, sent.tags, strict=True)):
            key = self.schedule.frame_key(first + at, self._geometry)
            raw = RawFrame(_header(key), emitted.reshape(-1, 3).astype(np.uint16), tag.tobytes())
            images[at] = raw.restore(key)
            key.wipe()
        return images


def _header(key: FrameKey) -> FrameHeader:
    return FrameHeader(
        device=key.device,
        counter=key.counter,
        epoch=key.epoch,
        geometry=key.geometry,
        policy=key.policy,
        black_level_dn=0.0,
        exposure_s=1.0,
        analog_gain=1.0,
        temperature_k=300.0,
    )
