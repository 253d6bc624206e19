"""One module for each command: its options, and what it runs. Heavy modules are imported inside the functions."""
