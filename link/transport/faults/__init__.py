"""Faults of the wire, put around any transport: seeded, written down, and the same again when wanted."""

from link.transport.faults.faulty_transport import FaultyTransport
from link.transport.faults.link_faults import LinkFaults
from link.transport.faults.plan import KINDS, Direction, Fault, FaultKind, FaultPlan
from link.transport.faults.profiles import PROFILES, fault_plan
from link.transport.faults.schedule import FaultRecord, FaultSchedule, load_schedule

__all__ = [
    "KINDS",
    "PROFILES",
    "Direction",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "FaultRecord",
    "FaultSchedule",
    "FaultyTransport",
    "LinkFaults",
    "fault_plan",
    "load_schedule",
]
