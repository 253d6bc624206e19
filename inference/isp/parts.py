"""How work is cut for the threads."""

PARTS = 32
"""Pieces of a picture: enough for the cores of a host, few enough to cost nothing. The number changes no result."""
BLOCK = 1024
"""Pixels that are developed at once: their lines of samples stay in a core's first cache."""
