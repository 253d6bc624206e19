"""What every test may ask for."""

import os
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    # Each worker, and what it starts, takes its share of the cores: more threads would only wait for each other. This comes
    # before torch is imported, which looks at the environment once.
    share = max(1, (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    os.environ.setdefault("OMP_NUM_THREADS", str(share))
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with `cifar10/` and `camvid/`; the test is skipped where there is none."""
    folder = os.environ.get("KEYCAM_TEST_DATA")
    if not folder:
        pytest.skip("KEYCAM_TEST_DATA names no folder with cifar10/ and camvid/")
    return Path(folder)
