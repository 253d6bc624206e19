"""The photographs that scikit-image ships are there, without a network, and say honestly what they show."""

import socket

import numpy as np
import pytest

from sensor_sim.scene import PHOTOGRAPHS, SceneError, load_photograph

CIFAR_CLASSES = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
NAMES = [photograph.name for photograph in PHOTOGRAPHS]


@pytest.mark.parametrize("name", NAMES)
def test_a_photograph_loads_without_a_network(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("a photograph asked for the network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    scene = load_photograph(name)
    assert scene.dtype == np.float32
    assert scene.ndim == 3
    assert min(scene.shape[:2]) >= 300
    assert 0 <= scene.min() < scene.max() <= 1


def test_names_are_unique_and_the_cat_comes_first() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert (PHOTOGRAPHS[0].name, PHOTOGRAPHS[0].cifar_class) == ("chelsea", "cat")


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=NAMES)
def test_a_photograph_outside_the_ten_classes_says_so(photograph: object) -> None:
    assert photograph.cifar_class is None or photograph.cifar_class in CIFAR_CLASSES
    assert ("no CIFAR-10 class" in photograph.shows) == (photograph.cifar_class is None)


def test_an_unknown_photograph_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(SceneError, match=r"photograph = dog: allowed is chelsea, motorcycle"):
        load_photograph("dog")
