"""What every test may ask for."""

import gc
import os
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # Threads that spin while they wait hold the cores that the other worker's threads need: networks took four times as long.
    # OpenMP reads this once, when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with `cifar10/` and `camvid/`; the test is skipped where there is none."""
    folder = os.environ.get("KEYCAM_TEST_DATA")
    if not folder:
        pytest.skip("KEYCAM_TEST_DATA names no folder with cifar10/ and camvid/")
    return Path(folder)


def pytest_collection_finish() -> None:
    """Let no collection of garbage go through what the imports left: that took a tenth of the suite's time."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Extension modules look for leaks when the process ends."""
    gc.unfreeze()
