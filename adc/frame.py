"""What leaves the camera: a header in clear, samples in keyed order and one tag over both."""

import math
import struct
from dataclasses import dataclass

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.poly1305 import Poly1305
from numba import njit, prange
from numpy.typing import NDArray

from adc.frame_key import FrameKey
from adc.geometry import CFA_NAMES, Geometry
from adc.names import DEFAULT_CLIENT, check_client, check_counter, check_device, check_epoch
from adc.policy import ORDER_NAMES, REFRESH_NAMES, ReadoutPolicy

HEADER_VERSION = 2
TAG_BYTES = 16
_MAGIC = b"KCAM"
_START = struct.Struct(">4sBBB")  # magic, version, bytes of the device's and of the client's name
_REST = struct.Struct(">QQHHBBBBB4d")


class FrameError(ValueError):
    """A frame that is malformed or was made for another key."""


class TagError(FrameError):
    """A frame that was altered on its way, or was made by someone else."""


@dataclass(frozen=True)
class FrameHeader:
    """What a frame says about itself, in clear and under the tag.

    Attributes
    ----------
    device, counter, epoch, geometry, policy
        Which key the frame was made with.
    black_level_dn
        Code of zero volts, DN.
    exposure_s
        Exposure time, s; above 0.
    analog_gain
        Gain before the converter, V/V; above 0.
    temperature_k
        Temperature of the sensor, K; above 0.
    client
        The host that the frame is for: the last part of which key it was made with.
    version
        Layout of the header, 2.
    """

    device: str
    counter: int
    epoch: int
    geometry: Geometry
    policy: ReadoutPolicy
    black_level_dn: float
    exposure_s: float
    analog_gain: float
    temperature_k: float
    client: str = DEFAULT_CLIENT
    version: int = HEADER_VERSION

    def __post_init__(self) -> None:
        if self.version != HEADER_VERSION:
            raise FrameError(f"version = {self.version}: allowed is {HEADER_VERSION}")
        try:
            check_device(self.device)
            check_client(self.client)
            check_counter(self.counter)
            check_epoch(self.epoch)
        except ValueError as error:
            raise FrameError(str(error)) from None
        if not 0 <= self.black_level_dn <= 2**self.geometry.bits - 1:
            raise FrameError(f"black_level_dn = {self.black_level_dn}: allowed is 0 to {2**self.geometry.bits - 1}")
        for name in ("exposure_s", "analog_gain", "temperature_k"):
            if not 0 < getattr(self, name) < math.inf:
                raise FrameError(f"{name} = {getattr(self, name)}: allowed is above 0 and finite")

    def to_bytes(self) -> bytes:
        """Write the header; equal headers give equal bytes and unequal ones unequal bytes."""
        device, client = self.device.encode(), self.client.encode()
        return (
            _START.pack(_MAGIC, self.version, len(device), len(client))
            + device
            + client
            + _REST.pack(
                self.counter,
                self.epoch,
                self.geometry.height,
                self.geometry.width,
                self.geometry.bits,
                CFA_NAMES.index(self.geometry.cfa),
                ORDER_NAMES.index(self.policy.order),
                REFRESH_NAMES.index(self.policy.refresh),
                self.policy.mask,
                self.black_level_dn,
                self.exposure_s,
                self.analog_gain,
                self.temperature_k,
            )
        )

    @classmethod
    def from_bytes(cls, written: bytes) -> "FrameHeader":
        """Read a header that to_bytes wrote; raises FrameError for anything else."""
        try:
            magic, version, device_bytes, client_bytes = _START.unpack_from(written)
            if magic != _MAGIC or version != HEADER_VERSION:
                raise FrameError(f"version = {magic!r} {version}: allowed is {_MAGIC!r} {HEADER_VERSION}")
            client_at = _START.size + device_bytes
            rest_at = client_at + client_bytes
            counter, epoch, height, width, bits, cfa, order, refresh, mask, black, exposure, gain, temperature = _REST.unpack(
                written[rest_at:]
            )
            header = cls(
                device=written[_START.size : client_at].decode(),
                client=written[client_at:rest_at].decode(),
                counter=counter,
                epoch=epoch,
                geometry=Geometry(height, width, bits, CFA_NAMES[cfa]),
                policy=ReadoutPolicy(ORDER_NAMES[order], REFRESH_NAMES[refresh], bool(mask)),
                black_level_dn=black,
                exposure_s=exposure,
                analog_gain=gain,
                temperature_k=temperature,
            )
        except FrameError:
            raise
        except (struct.error, IndexError, ValueError) as error:
            raise FrameError(f"header = {len(written)} bytes: not a header of a keycam frame ({error})") from None
        if header.to_bytes() != written:
            raise FrameError(f"header = {len(written)} bytes: not in the one form that a header has")
        return header


@dataclass(frozen=True, eq=False)
class RawFrame:
    """One frame as the camera sends it.

    Attributes
    ----------
    header
        What it says about itself.
    samples
        uint16 (P, C), 0 to 2**bits - 1: in emission order and, where the policy says so, masked. Kept read-only.
    tag
        16 bytes, Poly1305 (RFC 8439) over header and samples.
    """

    header: FrameHeader
    samples: NDArray[np.uint16]
    tag: bytes

    def __post_init__(self) -> None:
        geometry = self.header.geometry
        expected = (geometry.pixels, geometry.channels)
        if self.samples.dtype != np.uint16 or self.samples.shape != expected:
            raise FrameError(
                f"samples = {self.samples.dtype} {self.samples.shape}: allowed is uint16 {expected}, as the header says"
            )
        highest = int(self.samples.max())
        if highest > 2**geometry.bits - 1:
            raise FrameError(f"samples = up to {highest}: allowed is 0 to {2**geometry.bits - 1}, as the header says")
        if len(self.tag) != TAG_BYTES:
            raise FrameError(f"tag = {len(self.tag)} bytes: allowed is {TAG_BYTES} bytes")
        samples = np.ascontiguousarray(self.samples).view()
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)

    def verify(self, frame_key: FrameKey) -> None:
        """Raise FrameError where the key is another frame's, and TagError where header, samples or tag were altered."""
        for name in ("device", "client", "epoch", "counter", "geometry", "policy"):
            own, other = getattr(self.header, name), getattr(frame_key, name)
            if own != other:
                raise FrameError(f"{name} = {own}: the key is for {other}")
        try:
            _authenticator(self.header, self.samples, frame_key).verify(self.tag)
        except InvalidSignature:
            raise TagError(f"frame {self.header.counter}: its tag does not fit header and samples") from None

    def restore(self, frame_key: FrameKey) -> NDArray[np.uint16]:
        """Undo mask and order for the key holder: the raster, uint16 (H, W, C) in DN; verifies the frame first."""
        self.verify(frame_key)
        geometry = self.header.geometry
        raster = np.empty(geometry.pixels * geometry.channels, np.uint16)
        mask = None if frame_key.mask is None else frame_key.mask.reshape(-1)
        _restore(self.samples.reshape(-1), frame_key.order, mask, 2**geometry.bits - 1, raster)
        return raster.reshape(geometry.shape)


def sealed(header: FrameHeader, samples: NDArray[np.uint16], frame_key: FrameKey) -> RawFrame:
    """Make the frame of samples (P, C) in emission order, with its tag; one key may seal one frame only."""
    return RawFrame(header, samples, _authenticator(header, samples, frame_key).finalize())


def _authenticator(header: FrameHeader, samples: NDArray[np.uint16], frame_key: FrameKey) -> Poly1305:
    written = header.to_bytes()
    authenticator = Poly1305(frame_key.tag_key)
    authenticator.update(struct.pack(">I", len(written)) + written)
    authenticator.update(samples.astype("<u2", copy=False).reshape(-1).view(np.uint8).data)
    return authenticator


@njit(cache=True, nogil=True, parallel=True)
def _restore(
    samples: NDArray[np.uint16], order: NDArray[np.uint32], mask: NDArray[np.uint16] | None, top_dn: int,
    raster: NDArray[np.uint16],
) -> None:  # fmt: skip
    channels = samples.size // order.size
    if channels == 1:
        for q in prange(order.size):
            if mask is None:
                raster[order[q]] = samples[q]
            else:
                raster[order[q]] = (samples[q] - mask[q]) & top_dn
    else:
        for q in prange(order.size):
            for channel in range(channels):
                code = samples[q * channels + channel]
                if mask is not None:
                    code = (code - mask[q * channels + channel]) & top_dn
                raster[order[q] * channels + channel] = code
