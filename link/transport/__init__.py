"""Streams of bytes between two machines, two processes or two threads."""

from link.transport.transport import LinkLost, LinkTimeout, Transport

__all__ = ["LinkLost", "LinkTimeout", "Transport"]
