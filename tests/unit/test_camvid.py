"""CamVid is read from both of its layouts, picture by picture with the class of each pixel, and damage is named."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.datasets import CAMVID_CLASSES, CAMVID_PALETTE, CAMVID_SIZE, DataError, SegmentedImages, load_camvid
from inference.datasets.camvid import ORIGINAL_LABELS, ORIGINAL_PICTURES, VOID, split_of
from inference.datasets.camvid_colours import CLASS_OF_COLOUR

SIZE = (6, 8)
NAMES = ("0016E5_00390", "0001TP_008550", "0001TP_006690")


def picture_and_labels(seed: int, size: tuple[int, int] = SIZE) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (*size, 3), np.uint8), rng.integers(0, VOID + 1, size).astype(np.uint8)


def write(file: Path, pixels: NDArray[np.uint8]) -> None:
    file.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(file), pixels[..., ::-1] if pixels.ndim == 3 else pixels)


@pytest.fixture
def tutorial(tmp_path: Path) -> Path:
    """A folder as the SegNet tutorial has it, with three pictures for training."""
    for number, name in enumerate(NAMES):
        image, labels = picture_and_labels(number)
        write(tmp_path / "train" / f"{name}.png", image)
        write(tmp_path / "trainannot" / f"{name}.png", labels)
    return tmp_path


def test_the_tutorial_s_folders_are_read_in_the_order_of_their_names(tutorial: Path) -> None:
    (tutorial / "train" / "notes.txt").write_text("no picture")
    (tutorial / "train" / "._hidden.png").write_bytes(b"what a Mac leaves")
    pictures = load_camvid("train", tutorial, SIZE)
    expected = [picture_and_labels(NAMES.index(name)) for name in sorted(NAMES)]
    assert np.array_equal(pictures.images, [image for image, _ in expected])
    assert np.array_equal(pictures.labels, [labels for _, labels in expected])
    assert pictures.images.dtype == pictures.labels.dtype == np.uint8
    assert (pictures.classes, pictures.void, len(pictures)) == (CAMVID_CLASSES, 11, 3)


def test_the_original_release_is_read_by_its_colours_and_split_by_its_names(tmp_path: Path) -> None:
    colours = {number: colour for colour, number in CLASS_OF_COLOUR.items()}
    for number, name in enumerate(NAMES):
        image, labels = picture_and_labels(number)
        write(tmp_path / ORIGINAL_PICTURES / f"{name}.png", image)
        write(tmp_path / ORIGINAL_LABELS / f"{name}_L.png", np.array([colours[n] for n in range(VOID + 1)], np.uint8)[labels])
    for split, names in (("train", ["0001TP_006690", "0016E5_00390"]), ("test", ["0001TP_008550"])):
        pictures = load_camvid(split, tmp_path, SIZE)
        expected = [picture_and_labels(NAMES.index(name)) for name in names]
        assert np.array_equal(pictures.images, [image for image, _ in expected])
        assert np.array_equal(pictures.labels, [labels for _, labels in expected])
    with pytest.raises(DataError, match="it holds no pictures of the split 'val'; allowed is"):
        load_camvid("val", tmp_path)


# Lines of the release's label_colors.txt, under the class that the SegNet tutorial counts them to.
LABEL_COLOURS = """
sky: 128 128 128 Sky
building: 192 0 128 Archway, 0 128 64 Bridge, 128 0 0 Building, 64 0 64 Tunnel, 64 192 0 Wall
pole: 192 192 128 Column_Pole, 0 0 64 TrafficCone
road: 128 0 192 LaneMkgsDriv, 192 0 64 LaneMkgsNonDriv, 128 64 128 Road
pavement: 64 192 128 ParkingBlock, 128 128 192 RoadShoulder, 0 0 192 Sidewalk
tree: 128 128 0 Tree, 192 192 0 VegetationMisc
sign: 128 128 64 Misc_Text, 192 128 128 SignSymbol, 0 64 64 TrafficLight
fence: 64 64 128 Fence
car: 64 0 128 Car, 128 64 64 OtherMoving, 64 128 192 SUVPickupTruck, 192 64 128 Train, 192 128 192 Truck_Bus
pedestrian: 64 128 64 Animal, 64 0 192 CartLuggagePram, 192 128 64 Child, 64 64 0 Pedestrian
bicyclist: 0 128 192 Bicyclist, 192 0 192 MotorcycleScooter
void: 0 0 0 Void
"""


def test_the_32_classes_are_grouped_into_eleven_as_everywhere() -> None:
    expected = {}
    for line in LABEL_COLOURS.strip().splitlines():
        name, _, listed = line.partition(": ")
        for entry in listed.split(", "):
            expected[tuple(map(int, entry.split()[:3]))] = (*CAMVID_CLASSES, "void").index(name)
    assert len(expected) == 32
    assert expected == CLASS_OF_COLOUR


def test_every_class_is_shown_in_a_colour_of_its_own() -> None:
    assert CAMVID_PALETTE.shape == (12, 3)
    assert [CLASS_OF_COLOUR[tuple(map(int, colour))] for colour in CAMVID_PALETTE] == list(range(12))
    assert CAMVID_PALETTE[CAMVID_CLASSES.index("building")].tolist() == [128, 0, 0]


def test_the_split_of_every_name_is_the_one_that_the_tutorial_lists(test_data: Path) -> None:
    for split in ("train", "val", "test"):
        names = [file.stem for file in (test_data / "camvid" / split).iterdir()]
        assert {split_of(name) for name in names} == {split}


def test_the_true_pictures_are_367_and_101_and_233(test_data: Path) -> None:
    pictures = load_camvid("val", test_data / "camvid")
    assert pictures.images.shape == (101, *CAMVID_SIZE, 3)
    assert [len(list((test_data / "camvid" / split).iterdir())) for split in ("train", "test")] == [367, 233]
    # Streets are grey: red and blue are within a few DN of one another, which a swap of the channels would not show; the sky
    # of this drive is bluer than the road.
    sky, road = (pictures.images[pictures.labels == CAMVID_CLASSES.index(name)].mean(0) for name in ("sky", "road"))
    assert sky[2] - sky[0] > road[2] - road[0]
    assert np.isin(pictures.labels, range(12)).all()


def test_pictures_of_another_size_are_brought_to_the_one_that_is_asked_for(tmp_path: Path) -> None:
    image, labels = picture_and_labels(1)
    write(tmp_path / "val" / "a.png", image.repeat(4, 0).repeat(4, 1))
    write(tmp_path / "valannot" / "a.png", labels.repeat(4, 0).repeat(4, 1))
    pictures = load_camvid("val", tmp_path, SIZE)
    assert np.array_equal(pictures.images[0], image)
    assert np.array_equal(pictures.labels[0], labels)


def test_labels_are_chosen_and_never_mixed(tmp_path: Path) -> None:
    image, labels = picture_and_labels(2, (12, 16))
    write(tmp_path / "val" / "a.png", image)
    write(tmp_path / "valannot" / "a.png", labels)
    pictures = load_camvid("val", tmp_path, SIZE)
    blocks = labels.reshape(6, 2, 8, 2).swapaxes(1, 2).reshape(6, 8, 4)  # the four labels that each pixel covers
    assert (pictures.labels[0][..., None] == blocks).any(-1).all()
    means = image.reshape(6, 2, 8, 2, 3).mean((1, 3))
    assert np.abs(pictures.images[0] - means).max() <= 1  # rounding


def test_an_unknown_split_and_a_folder_without_camvid_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="split = 'validation': allowed is train, val, test"):
        load_camvid("validation", tmp_path)
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(DataError, match=f"data = {folder}: CamVid is not there; allowed is a folder with train and"):
            load_camvid("train", folder)
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match="it holds no pictures of the split 'train'; allowed is"):
        load_camvid("train", tmp_path)


def damaged(folder: Path, what: str) -> None:
    label, picture = folder / "trainannot" / f"{NAMES[0]}.png", folder / "train" / f"{NAMES[0]}.png"
    labels = picture_and_labels(0)[1]
    if what == "no label":
        label.unlink()
    elif what == "cut label":
        label.write_bytes(label.read_bytes()[:40])
    elif what == "text picture":
        picture.write_text("no picture")
    elif what == "other size":
        write(label, labels[:4])
    elif what == "class 12":
        write(label, labels + 1)
    elif what == "16 bits":
        write(label, labels.astype(np.uint16))
    elif what == "strange colours":
        write(label, np.full((*SIZE, 3), 7, np.uint8))
    elif what == "four channels":
        write(label, np.full((*SIZE, 4), 7, np.uint8))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("no label", r"labels = .*trainannot/0016E5_00390\.png: they are missing or damaged; allowed is"),
        ("cut label", r"labels = .*0016E5_00390\.png: they are missing or damaged; allowed is"),
        ("text picture", r"picture = .*train/0016E5_00390\.png: it is damaged; allowed is"),
        ("other size", r"labels = .*: they are 8x4 pixels; allowed is 8x6, the size of 0016E5_00390\.png"),
        ("class 12", r"labels = .*: they are uint8 \(6, 8\) up to 12; allowed is"),
        ("16 bits", r"labels = .*: they are uint16 \(6, 8\) up to 11; allowed is"),
        ("strange colours", r"labels = .*: 100% of its pixels have no colour of CamVid's, \(7, 7, 7\) for one; allowed is"),
        ("four channels", r"labels = .*: they are uint8 \(6, 8, 4\) up to 7; allowed is"),
    ],
)
def test_a_damaged_file_is_named(tutorial: Path, what: str, said: str) -> None:
    damaged(tutorial, what)
    with pytest.raises(DataError, match=said):
        load_camvid("train", tutorial, SIZE)


def test_a_single_stray_pixel_of_a_label_picture_is_void(tmp_path: Path) -> None:
    road = np.full((20, 20, 3), (128, 64, 128), np.uint8)
    road[3, 4] = (1, 2, 3)
    write(tmp_path / "val" / "a.png", road)
    write(tmp_path / "valannot" / "a.png", road)
    labels = load_camvid("val", tmp_path, (20, 20)).labels[0]
    assert labels[3, 4] == VOID
    assert (np.delete(labels.reshape(-1), 3 * 20 + 4) == CAMVID_CLASSES.index("road")).all()


def test_a_name_that_says_no_drive_is_refused() -> None:
    with pytest.raises(DataError, match="picture = 'holiday': allowed is DRIVE_FRAME"):
        split_of("holiday")


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 4, 5), (2, 4, 5, 1)])
def test_pictures_and_labels_must_belong_together(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="allowed is"):
        SegmentedImages(np.zeros((2, 4, 5, 3), np.uint8), np.zeros(shape, np.uint8), CAMVID_CLASSES)
    with pytest.raises(DataError, match="labels = up to 12: allowed is 0 to 10, and 11 for void"):
        SegmentedImages(np.zeros((2, 4, 5, 3), np.uint8), np.full((2, 4, 5), 12, np.uint8), CAMVID_CLASSES)
