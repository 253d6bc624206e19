"""What every test may ask for."""

import os
from pathlib import Path

import pytest

pytest_plugins = ("hil.plugin",)  # by the name of its entry point, so that an installed keycam does not bring it a second time


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with `cifar10/` and `camvid/`; the test is skipped where there is none."""
    folder = os.environ.get("KEYCAM_TEST_DATA")
    if not folder:
        pytest.skip("KEYCAM_TEST_DATA names no folder with cifar10/ and camvid/")
    return Path(folder)
