"""The harness's plugin for this repository, by its entry point's name: where keycam is installed it still comes once."""

pytest_plugins = ("hil.plugin",)
