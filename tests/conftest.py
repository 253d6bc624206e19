"""What every test may ask for."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with `cifar10/` and `camvid/`; the test is skipped where there is none."""
    folder = os.environ.get("KEYCAM_TEST_DATA")
    if not folder:
        pytest.skip("KEYCAM_TEST_DATA names no folder with cifar10/ and camvid/")
    return Path(folder)
