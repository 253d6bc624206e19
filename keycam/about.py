"""`keycam info`: what this installation has and what its policies protect."""

import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from adc import POLICIES, Geometry, ReadoutTiming
from adc.policy import ORDER_NAMES, OrderName
from inference.models import MODELS
from inference.models.registry import has_shipped_weights
from keycam import __version__
from keycam.keyfile import read_card
from sensor_sim import profile_names

PACKAGES = ("numpy", "numba", "opencv-python", "torch", "torchvision", "cryptography", "av")


def about(key: Path | None) -> dict[str, Any]:
    """Versions, networks, policies and the timing of a 1080p readout; with `key`, its fingerprint."""
    geometry = Geometry(1080, 1920, bits=12, cfa="rggb")
    result: dict[str, Any] = {
        "keycam": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "models": {name: {"shipped_weights": has_shipped_weights(name)} for name in MODELS},
        "profiles": profile_names(),
        "policies": {name: {**asdict(policy), "caution": policy.caution} for name, policy in POLICIES.items()},
        "timing_1080p": {name: _timing(name, geometry) for name in ORDER_NAMES},
    }
    if key is not None:
        result["key"] = {"file": str(key), "fingerprint": read_card(key)[0].fingerprint}
    return result


def _timing(order: OrderName, geometry: Geometry) -> dict[str, float]:
    timing = ReadoutTiming(geometry)
    return {
        "line_time_s": timing.line_time_s,
        "frame_time_s": timing.frame_time_s(order),
        "frame_store_bytes": timing.frame_store_bytes(order),
        "first_sample_s": timing.first_sample_s(order),
    }
