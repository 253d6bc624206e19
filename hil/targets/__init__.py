"""What the tests run against: a camera in this process, one in a process of its own, or whatever listens at a port."""

from hil.targets.opening import open_target
from hil.targets.target import Target

__all__ = ["Target", "open_target"]
