"""A camera in a process of its own whose figures were moved at random: who measures it sees its frames and nothing else."""

import pickle
import sys
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np

from calibration.bench import Light
from keycam.simulated_bench import SimulatedBench
from sensor_sim import SensorProfile, load_profile


def moved(name: str, size: tuple[int, int], seed: int) -> SensorProfile:
    """A shipped profile in another size, its main figures multiplied by 0.8 to 1.2 each."""
    factor = np.random.default_rng(seed).uniform(0.8, 1.2, 10)
    base = replace(load_profile(name), height=size[0], width=size[1])
    red, green, blue = (min(share * each, 1.0) for share, each in zip(base.quantum_efficiency, factor[:3], strict=True))
    return replace(
        base,
        lens=None,
        quantum_efficiency=(red, green, blue),
        full_well_e=base.full_well_e * min(factor[3], 1.0),
        conversion_gain_v_per_e=base.conversion_gain_v_per_e * min(factor[4], 1.02),
        source_follower=replace(base.source_follower, noise_v=base.source_follower.noise_v * factor[5]),
        prnu=replace(base.prnu, spread_percent=base.prnu.spread_percent * factor[6]),
        dark=replace(base.dark, mean_e_per_s=base.dark.mean_e_per_s * factor[7], doubling_k=base.dark.doubling_k * factor[8]),
        offset=replace(base.offset, residue_v=base.offset.residue_v * factor[9]),
    )


def serve(requests: BinaryIO, answers: BinaryIO, name: str, size: tuple[int, int], seed: int) -> None:
    """Answer requests until there are no more."""
    with SimulatedBench(moved(name, size, seed), seed) as bench:
        while True:
            try:
                what, argument = pickle.load(requests)
            except EOFError:
                return
            for answer in _answers(bench, what, argument):
                pickle.dump(answer, answers)
                answers.flush()


def _answers(bench: SimulatedBench, what: str, argument: Any) -> Any:
    if what == "identity":
        yield bench.identity
    elif what == "capture":
        yield from bench.capture(argument)
    elif what == "light":
        yield bench.set_light(Light(*argument))
    else:
        yield {"exposure": bench.set_exposure_s, "temperature": bench.set_temperature_k}[what](argument)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1], (int(sys.argv[2]), int(sys.argv[3])), int(sys.argv[4]))
