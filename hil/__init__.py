"""Hardware in the loop: one set of tests for the camera's model and for a board on a wire, as a pytest plugin (docs/hil.md)."""
