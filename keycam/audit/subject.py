"""What an audit is about, wherever it comes from: a source's scenes under throw-away keys, or a recording under its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from adc import ReadoutPolicy
from inference.datasets import LabelledImages
from keycam.audit.case import Attack
from keycam.audit.emission import Emission
from privacy.seen import Samples


@dataclass(frozen=True, eq=False)
class Subject:
    """What is attacked, and what is looked at without an attack.

    Attributes
    ----------
    policy
        What the frames were emitted under.
    attacks
        For each key, what is tried.
    large
        For each key an emission whose samples are counted.
    scenes, bits
        uint8 or uint16 (F, H, W, C), pictures that are restored with partly right keys, and the depth of their samples.
    labelled, network
        Pictures that are classified with partly right keys and by what, or None.
    absent
        Sections of the result that do not apply, and why.
    notes
        What else the result says at its top.
    """

    policy: ReadoutPolicy
    attacks: tuple[tuple[Attack, ...], ...]
    large: tuple[Emission, ...]
    scenes: Samples
    bits: int = 8
    labelled: LabelledImages | None = None
    network: nn.Module | None = None
    absent: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
