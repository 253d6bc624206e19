"""Test vectors of the key schedule: `python -m experiments.key_vectors` writes tests/vectors/key_schedule.json.

docs/key-schedule.md says what the names mean; keys, streams, headers and tags are hexadecimal, and an array of more than 160
numbers is given by its length, its first 16 and the SHA-256 of all of them as little-endian words of their size.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adc import FrameHeader, Geometry, KeySchedule, ReadoutPolicy, epoch_secret
from adc.derivation import label_key, named_key
from adc.emission import emitted_from, frame_store, store_steps
from adc.frame import sealed
from adc.keystream import Keystream
from adc.shuffle import shuffled

PAGE = Path(__file__).parents[1] / "tests" / "vectors" / "key_schedule.json"
MASTER = bytes(range(32))
MOST_WRITTEN = 160
NAMES: tuple[tuple[str, str, int], ...] = (
    ("cam0", "host", 0),
    ("cam0", "lab", 0),
    ("cam0", "host", 1),
    ("caméra", "büro 2", 2**64 - 1),
)
FRAMES: tuple[tuple[ReadoutPolicy, Geometry, int], ...] = (
    (ReadoutPolicy(), Geometry(10, 14, 12, "rggb"), 5),
    (ReadoutPolicy(), Geometry(7, 9, 8, "rgb"), 0),
    (ReadoutPolicy(), Geometry(241, 275, 16, "mono"), 2**48 - 1),  # more than 65,536 pixels: in buckets
    (ReadoutPolicy("full", "static", False), Geometry(10, 14, 10, "gbrg"), 3),
    (ReadoutPolicy("full", "static", True), Geometry(10, 14, 12, "bggr"), 3),
    (ReadoutPolicy("row-column", "frame", True), Geometry(9, 11, 12, "mono"), 2**63),
    (ReadoutPolicy("block", "frame", False), Geometry(37, 43, 14, "mono"), 1),
    (ReadoutPolicy("block", "frame", True), Geometry(5, 24, 12, "mono"), 1),
    (ReadoutPolicy("raster", "static", False), Geometry(4, 6, 12, "grbg"), 2**64 - 1),
)
SHUFFLES = (1, 2, 3, 100, 65_535, 65_536)


def vectors() -> dict[str, Any]:
    """All test vectors, as they are written."""
    return {
        "key_version": 2,
        "header_version": 2,
        "master": MASTER.hex(),
        "epoch_secrets": [_epoch(*names) for names in NAMES],
        "keystreams": [
            {"key": MASTER.hex(), "nonce": nonce, "first_64": Keystream(MASTER, nonce).octets(64).tobytes().hex()}
            for nonce in (0, 1, 2**64 - 1)
        ],
        "shuffles": [
            {"key": MASTER.hex(), "nonce": size, "positions": size, "order": _shown(shuffled(Keystream(MASTER, size), size))}
            for size in SHUFFLES
        ],
        "permuted_bucket_of_65537": {
            "key": MASTER.hex(),
            "nonce": 7,
            "order": _shown(shuffled(Keystream(MASTER, 7), 65_537, buckets=1)),
        },
        "frames": [_frame(*NAMES[number % len(NAMES)], *frame) for number, frame in enumerate(FRAMES)],
    }


def _epoch(device: str, client: str, epoch: int) -> dict[str, Any]:
    secret = epoch_secret(MASTER, device=device, client=client, epoch=epoch)
    return {"device": device, "client": client, "epoch": epoch, "secret": secret.hex()}


def _frame(device: str, client: str, epoch: int, policy: ReadoutPolicy, geometry: Geometry, counter: int) -> dict[str, Any]:
    names: dict[str, Any] = {"device": device, "client": client, "epoch": epoch, "policy": policy}
    secret = epoch_secret(MASTER, device=device, client=client, epoch=epoch)
    schedule = KeySchedule(MASTER, **names)
    frame_key = schedule.frame_key(counter, geometry)
    header = FrameHeader(device, counter, epoch, geometry, policy, 64.0, 0.01, 2.5, 300.25, client)
    codes = _codes(geometry)
    samples = emitted_from(_stored(codes, frame_key), 2**geometry.bits - 1, frame_key)
    keys = {label: label_key(secret, label, **names, geometry=geometry) for label in ("order", "mask", "tag", "isp")}
    layer = label_key(secret, "layer", **names)
    return {
        "device": device,
        "client": client,
        "epoch": epoch,
        "counter": counter,
        "policy": f"{policy.order} {policy.refresh} {'mask' if policy.mask else 'no-mask'}",
        "height": geometry.height,
        "width": geometry.width,
        "bits": geometry.bits,
        "cfa": geometry.cfa,
        "black_level_dn": header.black_level_dn,
        "exposure_s": header.exposure_s,
        "analog_gain": header.analog_gain,
        "temperature_k": header.temperature_k,
        "label_keys": {**{label: key.hex() for label, key in keys.items()}, "layer": layer.hex()},
        "named_keys": {"isp 48": named_key(keys["isp"], "isp", 48).hex(), "conv1 64": named_key(layer, "conv1", 64).hex()},
        "order": _shown(frame_key.order),
        "mask": None if frame_key.mask is None else _shown(frame_key.mask.reshape(-1)),
        "tag_key": frame_key.tag_key.hex(),
        "isp_order_48": frame_key.derived_order("isp", 48).tolist(),
        "layer_order_conv1_64": schedule.layer_orders().order("conv1", 64).tolist(),
        "layer_order_conv1_64_of_layer_epoch_9": schedule.layer_orders(9).order("conv1", 64).tolist(),
        "codes": "sample i of the raster, i = (row width + column) C + channel, holds (40503 i) mod 2^bits",
        "samples": _shown(samples.reshape(-1)),
        "header": header.to_bytes().hex(),
        "tag": sealed(header, samples, frame_key).tag.hex(),
    }


def _codes(geometry: Geometry) -> NDArray[np.uint16]:
    numbers = np.arange(geometry.pixels * geometry.channels, dtype=np.uint64)
    return (numbers * 40503 % 2**geometry.bits).astype(np.uint16)


def _stored(codes: NDArray[np.uint16], frame_key: Any) -> NDArray[np.uint16]:
    """The frame store that holds `codes`, kept as the readout keeps it: row by row, or bucket by bucket."""
    steps = store_steps(frame_key)
    store = frame_store(codes.size)
    store[:] = codes if steps is None else codes[np.argsort(steps.bucket, kind="stable")]
    return store


def _shown(numbers: NDArray[Any]) -> Any:
    if numbers.size <= MOST_WRITTEN:
        return numbers.tolist()
    words = numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()
    return {"length": numbers.size, "first_16": numbers[:16].tolist(), "sha256": hashlib.sha256(words).hexdigest()}


def text() -> str:
    """The file: one line a value or array, so that a change shows where it is."""
    spread = json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n"
    return re.sub(r"\[[\d,\s]+\]", lambda array: "[" + ", ".join(re.findall(r"\d+", array[0])) + "]", spread)


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
