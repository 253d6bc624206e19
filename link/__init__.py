"""The wire between camera and host: packets, sessions and byte streams, and the host's end of it.

Camera and host both import this room; it imports `adc` only, for what a frame is.
"""
