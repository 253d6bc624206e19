"""The harness's plugin for this repository, under its entry point's name: where keycam is installed it comes once all the same."""

pytest_plugins = ("hil.plugin",)
