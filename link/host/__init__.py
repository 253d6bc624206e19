"""The host's end of a link: it finds the camera, keeps the session, and takes whole frames (docs/host.md)."""

from link.host.camera_link import CameraLink
from link.host.failures import CameraRefused, CameraSilent, CommandLost, KeyRefused, LinkFailure
from link.host.frame_stream import FrameStream
from link.host.host_state import HostState
from link.host.link_key import LinkKey
from link.host.patience import Patience
from link.host.provisioning import erase, provision
from link.host.statistics import FAULTS, OUTCOMES, VERDICTS, LinkStatistics

__all__ = [
    "FAULTS",
    "OUTCOMES",
    "VERDICTS",
    "CameraLink",
    "CameraRefused",
    "CameraSilent",
    "CommandLost",
    "FrameStream",
    "HostState",
    "KeyRefused",
    "LinkFailure",
    "LinkKey",
    "LinkStatistics",
    "Patience",
    "erase",
    "provision",
]
