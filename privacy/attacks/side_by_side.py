"""Independent pieces of work on all cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray


def side_by_side(work: Callable[..., NDArray[np.int64]], *jobs: NDArray[Any]) -> NDArray[np.int64]:
    """The results of work(*job) for each job, stacked in the order of the jobs.

    Threads serve, since the kernels let go of the interpreter; a parallel loop around them would take Numba ten seconds more
    to compile. A kernel that draws at random seeds its thread's generator first, so results do not depend on the cores.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.stack(list(pool.map(work, *jobs)))
