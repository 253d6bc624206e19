"""Which faults befall a link, and how often."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, get_args

Direction = Literal["to-host", "to-device"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
FaultKind = Literal[
    "bit-flip", "byte-drop", "byte-insert", "byte-duplicate", "burst", "overrun", "flood", "wrong-baud", "stall", "vanish",
    "packet-loss", "packet-duplicate", "packet-reorder", "packet-delay", "packet-truncate", "packet-oversize", "packet-forge",
    "packet-replay",
]  # fmt: skip
LEAST_RATE = 1e-12


class _Trait(NamedTuple):
    unit: Literal["bit", "byte", "packet"]
    has_size: bool = False
    has_duration: bool = False


KINDS: dict[FaultKind, _Trait] = {
    "bit-flip": _Trait("bit"),
    "byte-drop": _Trait("byte"),
    "byte-insert": _Trait("byte"),
    "byte-duplicate": _Trait("byte"),
    "burst": _Trait("byte", has_size=True),  # so many bytes become noise
    "overrun": _Trait("byte", has_size=True),  # so many bytes are lost, as by a receiver that came too late
    "flood": _Trait("byte", has_size=True),  # so many bytes without any zero come in between
    "wrong-baud": _Trait("byte", has_size=True),  # so many bytes are heard by a receiver of another baud
    "stall": _Trait("byte", has_duration=True),  # nothing passes for so long, and the other end has to wait
    "vanish": _Trait("byte", has_duration=True),  # the port is gone for so long, then it can be opened again
    "packet-loss": _Trait("packet"),
    "packet-duplicate": _Trait("packet"),
    "packet-reorder": _Trait("packet"),  # it comes after one to four later ones
    "packet-delay": _Trait("packet", has_duration=True),  # it and what is behind it come so much later
    "packet-truncate": _Trait("packet"),
    "packet-oversize": _Trait("packet", has_size=True),  # so many bytes more before its end
    "packet-forge": _Trait("packet"),  # a bit of its payload is flipped and its CRC made to fit
    "packet-replay": _Trait("packet", has_size=True),  # the packets before it, up to so many bytes of them, come again after it
}
"""What each kind counts its rate by, and what else it needs."""


@dataclass(frozen=True)
class Fault:
    """One kind of fault and its rate.

    Attributes
    ----------
    kind
        see KINDS.
    rate
        how likely it strikes each bit, byte or packet, as its kind counts: 1e-12 to 1, or 0 for never by itself.
    size_bytes, duration_s
        how much or how long, where the kind says so, 1 byte to 64 MiB and up to an hour; else 0.
    direction
        to-host, to-device, or both.
    packet_type
        for faults of packets: only those of this type (see `link.packet.PacketType`); None for any.

    Raises ValueError for anything outside that.
    """

    kind: FaultKind
    rate: float = 0.0
    size_bytes: int = 0
    duration_s: float = 0.0
    direction: Direction | Literal["both"] = "both"
    packet_type: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind = {self.kind!r}: allowed is {', '.join(KINDS)}")
        trait = KINDS[self.kind]
        if not (self.rate == 0 or LEAST_RATE <= self.rate <= 1):
            raise ValueError(f"rate = {self.rate}: allowed is {LEAST_RATE:g} to 1, or 0")
        sizes = range(1, (1 << 26) + 1) if trait.has_size else range(1)
        if self.size_bytes not in sizes:
            raise ValueError(f"size_bytes = {self.size_bytes}: allowed for {self.kind} is {sizes.start} to {sizes.stop - 1}")
        longest_s = 3600.0 if trait.has_duration else 0.0
        if not (0 <= self.duration_s <= longest_s and math.isfinite(self.duration_s)):
            raise ValueError(f"duration_s = {self.duration_s}: allowed for {self.kind} is 0 to {longest_s:g} s")
        if self.direction not in (*DIRECTIONS, "both"):
            raise ValueError(f"direction = {self.direction!r}: allowed is {', '.join(DIRECTIONS)}, both")
        if self.packet_type is not None and (trait.unit != "packet" or self.packet_type not in range(256)):
            raise ValueError(f"packet_type = {self.packet_type}: allowed is 0 to 255, for faults of packets")

    def strikes(self, direction: Direction) -> bool:
        """Whether it befalls this direction by itself."""
        return self.rate > 0 and self.direction in (direction, "both")


@dataclass(frozen=True)
class FaultPlan:
    """The faults of a link, all of them at once.

    Attributes
    ----------
    name
        what reports call it.
    faults
        in any order, several of a kind if wanted.
    """

    name: str
    faults: tuple[Fault, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "faults": [asdict(fault) for fault in self.faults]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "FaultPlan":
        """The plan that `as_json` wrote. Raises ValueError where it is none."""
        try:
            return cls(str(value["name"]), tuple(Fault(**fault) for fault in value["faults"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"plan = {value!r}: allowed is what FaultPlan.as_json writes") from error
