"""The command line and the applications on top of the camera."""

__version__ = "0.1.0"
