"""The colours of CamVid's 32 classes, and which of the eleven usual classes each is counted to."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.datasets.errors import DataError

# The grouping of the SegNet tutorial (Badrinarayanan et al. 2017), class by class, each led by the one that it is named after;
# colours are those of label_colors.txt.
_GROUPS: tuple[dict[str, tuple[int, int, int]], ...] = (
    {"Sky": (128, 128, 128)},
    {
        "Building": (128, 0, 0), "Archway": (192, 0, 128), "Bridge": (0, 128, 64), "Tunnel": (64, 0, 64), "Wall": (64, 192, 0),
    },
    {"Column_Pole": (192, 192, 128), "TrafficCone": (0, 0, 64)},
    {"Road": (128, 64, 128), "LaneMkgsDriv": (128, 0, 192), "LaneMkgsNonDriv": (192, 0, 64)},
    {"Sidewalk": (0, 0, 192), "ParkingBlock": (64, 192, 128), "RoadShoulder": (128, 128, 192)},
    {"Tree": (128, 128, 0), "VegetationMisc": (192, 192, 0)},
    {"SignSymbol": (192, 128, 128), "Misc_Text": (128, 128, 64), "TrafficLight": (0, 64, 64)},
    {"Fence": (64, 64, 128)},
    {
        "Car": (64, 0, 128), "SUVPickupTruck": (64, 128, 192), "Truck_Bus": (192, 128, 192), "Train": (192, 64, 128),
        "OtherMoving": (128, 64, 64),
    },
    {"Pedestrian": (64, 64, 0), "Child": (192, 128, 64), "CartLuggagePram": (64, 0, 192), "Animal": (64, 128, 64)},
    {"Bicyclist": (0, 128, 192), "MotorcycleScooter": (192, 0, 192)},
    {"Void": (0, 0, 0)},
)  # fmt: skip
CLASS_OF_COLOUR = {colour: number for number, group in enumerate(_GROUPS) for colour in group.values()}
PALETTE = np.array([next(iter(group.values())) for group in _GROUPS], np.uint8)
"""The colour that each of the eleven classes, and void behind them, is shown in: uint8 (12, 3), RGB."""
MOST_STRAY = 0.01
"""Share of a picture's pixels that may have no colour of the list: single stray pixels are void, other files are refused."""


def classes_of_colours(colours: NDArray[np.uint8], file: Path) -> NDArray[np.uint8]:
    """The classes, uint8 (H, W), of RGB colours (H, W, 3); void is the last, for stray colours too.

    Raises `DataError`, which names `file`, where more than single pixels have no colour of CamVid's.
    """
    void = len(_GROUPS) - 1
    classes = np.full(colours.shape[:2], void, np.uint8)
    known = np.zeros(colours.shape[:2], bool)
    for colour, number in CLASS_OF_COLOUR.items():
        there = (colours == np.array(colour, np.uint8)).all(-1)
        classes[there] = number
        known |= there
    stray = 1 - float(known.mean())
    if stray > MOST_STRAY:
        y, x = np.argwhere(~known)[0]
        found = f"{stray:.0%} of its pixels have no colour of CamVid's, {tuple(colours[y, x].tolist())} for one"
        raise DataError(f"labels = {file}: {found}; allowed is a label picture of CamVid's, as it came")
    return classes
