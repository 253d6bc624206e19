"""What a visitor may change while the camera runs, and within which limits."""

import math
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Self, get_args

from inference.choices import Shuffle
from keycam.policy import named_policy

Value = float | bool | str
LIMITS = MappingProxyType(
    {
        "exposure_s": (1e-4, 1 / 30),
        "analog_gain": (1.0, 16.0),
        "temperature_k": (253.15, 398.15),
        "motion_px_per_s": (0.0, 2000.0),
    }
)
"""Of the settings that are numbers."""
SWITCHES = ("reveal", "compare")
CAMERA_SETTINGS = (*LIMITS, "policy")
"""Those that a camera takes, or does not; the others are the host's."""


@dataclass(frozen=True)
class LiveSettings:
    """How the camera looks and what the host does with its frames.

    Attributes
    ----------
    exposure_s, analog_gain
        Of the next frames, s and V/V.
    temperature_k
        Of the die.
    motion_px_per_s
        How fast the scene moves across the array while it is exposed, in photosites a second: blur, and skew where the shutter
        rolls.
    policy
        What the readout keeps secret: "secure", "paper" or "raster".
    shuffle
        Where the keyed network undoes the order: "every-layer" or "input".
    reveal
        Whether the picture that the key holder can restore is made and shown.
    compare
        Whether the plain network is run on the restored picture beside the keyed one.

    Raises
    ------
    ValueError
        for a value of another type or outside its limits, naming it.
    """

    exposure_s: float = 0.01
    analog_gain: float = 1.0
    temperature_k: float = 303.15
    motion_px_per_s: float = 0.0
    policy: str = "secure"
    shuffle: Shuffle = "every-layer"
    reveal: bool = False
    compare: bool = False

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise ValueError(f"{name} = {_shown(value)}: allowed is {low:g} to {high:g}")
        if not isinstance(self.policy, str):
            raise ValueError(f"policy = {_shown(self.policy)}: allowed is the name of a policy")
        named_policy(self.policy)
        if self.shuffle not in get_args(Shuffle):
            raise ValueError(f"shuffle = {_shown(self.shuffle)}: allowed is {' or '.join(get_args(Shuffle))}")
        for name in SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} = {_shown(getattr(self, name))}: allowed is true or false")

    def with_value(self, name: str, value: Value) -> Self:
        """These settings with one of them changed. Raises ValueError also for a name that there is none of."""
        names = [field.name for field in fields(self)]
        if name not in names:
            raise ValueError(f"setting = {_shown(name)}: there is none of this name; allowed is {', '.join(names)}")
        changed: dict[str, Any] = {name: value}
        return replace(self, **changed)

    def as_json(self) -> dict[str, Value]:
        """By name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def within(name: str, value: float) -> float:
    """The value nearest to `value` that the setting `name` takes."""
    low, high = LIMITS[name]
    return min(max(value, low), high)


def _shown(value: Any) -> str:
    """A value that came from a browser, short enough for a sentence."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
