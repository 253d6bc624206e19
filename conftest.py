"""The harness's plugin for this repository's own tests, by the name of its entry point: where keycam is installed it comes once."""

pytest_plugins = ("hil.plugin",)
