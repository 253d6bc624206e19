"""The photographs that scikit-image ships: scenes without a network, a camera or a data set."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.images import read_image
from sensor_sim.scene.linear import Scene


@dataclass(frozen=True)
class Photograph:
    """A photograph by name.

    Attributes
    ----------
    name
        what it is called here.
    file
        its file in scikit-image's data folder.
    shows
        what it shows, in words; says so where that is none of CIFAR-10's classes.
    cifar_class
        the CIFAR-10 class of what it shows, or None where it shows none of the ten.
    """

    name: str
    file: str
    shows: str
    cifar_class: str | None


PHOTOGRAPHS = (
    Photograph("chelsea", "chelsea.png", "the face of a cat", "cat"),
    Photograph(
        "motorcycle", "motorcycle_left.png", "a red motorcycle in a garage (no CIFAR-10 class; automobile is nearest)", None
    ),
    Photograph("rocket", "rocket.jpg", "a rocket on its launch pad at dusk (no CIFAR-10 class)", None),
    Photograph("coffee", "coffee.png", "a cup of coffee on a saucer (no CIFAR-10 class)", None),
    Photograph("astronaut", "astronaut.png", "an astronaut in an orange suit (no CIFAR-10 class)", None),
    Photograph("hubble", "hubble_deep_field.jpg", "galaxies in the dark, the Hubble deep field (no CIFAR-10 class)", None),
    Photograph("retina", "retina.jpg", "the retina of a human eye (no CIFAR-10 class)", None),
    Photograph("camera", "camera.png", "a man with a camera on a tripod, in grey (no CIFAR-10 class)", None),
    Photograph("coins", "coins.png", "ancient coins, in grey (no CIFAR-10 class)", None),
    Photograph("brick", "brick.png", "a brick wall, in grey (no CIFAR-10 class)", None),
    Photograph("grass", "grass.png", "grass from above, in grey (no CIFAR-10 class)", None),
    Photograph("moon", "moon.png", "the surface of the moon, in grey (no CIFAR-10 class)", None),
)


def load_photograph(name: str) -> Scene:
    """Scene of the photograph called `name`, float32 (H, W, 3) of linear light, read from the installed package alone.

    Raises SceneError if the name is none of `PHOTOGRAPHS` or the file is not installed.
    """
    files = {photograph.name: photograph.file for photograph in PHOTOGRAPHS}
    if name not in files:
        raise SceneError(f"photograph = {name}: allowed is {', '.join(files)}")
    return read_image(_folder() / files[name])


def _folder() -> Path:
    # scikit-image's own functions may download; its files are read where they lie.
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise SceneError("photographs = scikit-image: it is not installed; allowed is a scikit-image of 0.24 or newer")
    return Path(found.submodule_search_locations[0]) / "data"
