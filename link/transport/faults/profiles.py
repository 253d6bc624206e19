"""Fault plans by name, from a quiet line to all that can go wrong."""

from link.transport.faults.plan import Fault, FaultPlan

_NOISE = (Fault("bit-flip", 1e-5), Fault("byte-drop", 1e-5), Fault("byte-insert", 1e-5), Fault("byte-duplicate", 1e-5))
_BURSTS = (Fault("burst", 1e-5, size_bytes=64), Fault("burst", 2e-6, size_bytes=256), Fault("overrun", 5e-6, size_bytes=64))
_PACKETS = (
    Fault("packet-loss", 5e-3),
    Fault("packet-duplicate", 5e-3),
    Fault("packet-reorder", 5e-3),
    Fault("packet-delay", 2e-3, duration_s=0.02),
    Fault("packet-truncate", 2e-3),
)
_HOSTILE = (Fault("packet-forge", 5e-3), Fault("packet-replay", 2e-3, size_bytes=1 << 16))
_FLOODS = (Fault("flood", 2e-6, size_bytes=1 << 17), Fault("packet-oversize", 1e-3, size_bytes=1 << 15))
_STALLS = (Fault("stall", 1e-6, duration_s=0.3), Fault("stall", 1e-7, duration_s=3.0))
_VANISHING = (Fault("vanish", 5e-7, duration_s=0.3),)

PROFILES: dict[str, FaultPlan] = {
    plan.name: plan
    for plan in (
        FaultPlan("none"),
        FaultPlan("light", (Fault("bit-flip", 1e-7), Fault("byte-drop", 1e-6), Fault("packet-loss", 5e-4))),
        FaultPlan("noise", _NOISE),
        FaultPlan("burst", _BURSTS),
        FaultPlan("packets", _PACKETS),
        FaultPlan("hostile", _HOSTILE),
        FaultPlan("flood", _FLOODS),
        FaultPlan("stall", _STALLS),
        FaultPlan("vanish", _VANISHING),
        FaultPlan("wrong-baud", (Fault("wrong-baud", 1e-5, size_bytes=4096),)),
        FaultPlan("deaf", (Fault("wrong-baud", 0.1, size_bytes=1 << 26),)),  # the two ends never agree on a baud
        FaultPlan("harsh", (*_NOISE, *_BURSTS, *_PACKETS, *_HOSTILE, *_FLOODS)),
        FaultPlan("everything", (*_NOISE, *_BURSTS, *_PACKETS, *_HOSTILE, *_FLOODS, *_STALLS, *_VANISHING)),
    )
}
"""Rates for packets of about 1 KiB: on a `harsh` line about one in four is hurt."""


def fault_plan(name: str) -> FaultPlan:
    """The plan of this name. Raises ValueError where there is none."""
    if name not in PROFILES:
        raise ValueError(f"faults = {name!r}: allowed is {', '.join(PROFILES)}")
    return PROFILES[name]
