"""What every board must do: the tests that run unchanged on the model and on a board (docs/hil.md)."""
