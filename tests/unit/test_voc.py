"""PASCAL VOC is read as torchvision stores it, at the one size that a camera's frames have."""

from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from torchvision import models

from inference.datasets import DataError, load_voc
from inference.datasets.voc import VOC_CLASSES
from inference.models import model_for
from inference.models.pretrained import pretrained_names
from inference.models.registry import VOC_NETWORKS
from tests.voc_folder import NAMES, SIZES, picture_and_labels, write_voc


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    return write_voc(tmp_path)


def test_pictures_are_read_in_the_order_of_the_list_with_void_as_the_last_label(voc: Path) -> None:
    pictures = load_voc("val", voc, (48, 64))
    assert (len(pictures), pictures.images.shape, pictures.classes, pictures.void) == (3, (3, 48, 64, 3), VOC_CLASSES, 21)
    # The third one has this size already.
    picture, labels = picture_and_labels(2)
    assert np.array_equal(pictures.labels[2], np.where(labels == 255, 21, labels))
    assert np.abs(pictures.images[2].astype(int) - picture).max() <= 2  # JPEG


def test_the_middle_of_a_picture_is_taken_and_its_shape_is_kept(voc: Path) -> None:
    images, labels = (getattr(load_voc("val", voc, (30, 30)), name) for name in ("images", "labels"))
    for number in range(len(SIZES)):
        left, right = images[number, :, :13].astype(int), images[number, :, 17:].astype(int)
        assert abs(left - (40 + number)).max() <= 6
        assert abs(right - (200 + number)).max() <= 6
        assert set(np.unique(labels[number])) <= {1 + number, 20, 21}
        assert (labels[number, :, :13] == 1 + number).all()
        assert (labels[number, :, 17:] == 20).all()


def test_small_pictures_are_made_larger(voc: Path) -> None:
    pictures = load_voc("val", voc)
    assert pictures.images.shape == (3, 240, 320, 3)
    assert (pictures.labels[:, :, :150] == np.array([1, 2, 3])[:, None, None]).all()


def test_what_is_not_there_is_downloaded_or_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr("torchvision.datasets.voc.download_and_extract_archive", unreachable)
    with pytest.raises(DataError, match=r"PASCAL VOC could not be downloaded \(Name or service not known\); allowed is"):
        load_voc("val", tmp_path / "voc")
    assert not (tmp_path / "voc").exists()
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file: it is a file; allowed is a folder with torchvision's"):
        load_voc("val", tmp_path / "file")
    with pytest.raises(DataError, match="split = 'test': allowed is train, val, trainval"):
        load_voc("test", tmp_path)


def test_damage_is_told_by_file(voc: Path) -> None:
    place = voc / "VOCdevkit" / "VOC2012"
    mask, picture = place / "SegmentationClass" / f"{NAMES[1]}.png", place / "JPEGImages" / f"{NAMES[1]}.jpg"
    whole = mask.read_bytes()
    mask.write_bytes((place / "SegmentationClass" / f"{NAMES[0]}.png").read_bytes())
    with pytest.raises(DataError, match=rf"{NAMES[1]}.png: they are uint8 \(60, 96\) up to 255; allowed is the picture's"):
        load_voc("val", voc)
    mask.write_bytes(whole)
    picture.write_bytes(picture.read_bytes()[:100])
    with pytest.raises(DataError, match=f"picture = .*{NAMES[1]}.jpg: it or its labels {NAMES[1]}.png cannot be read"):
        load_voc("val", voc)
    (place / "ImageSets" / "Segmentation" / "trainval.txt").write_bytes(b"\xff\xfe\x00")
    for split in ("train", "trainval"):
        with pytest.raises(DataError, match="PASCAL VOC is damaged"):
            load_voc(split, voc)


def test_the_networks_are_torchvisions_with_weights_for_these_classes() -> None:
    dense = set(models.list_models(module=models.segmentation)) & pretrained_names()
    assert set(VOC_NETWORKS) == dense
    for name in VOC_NETWORKS:
        theirs = models.get_model_weights(name).DEFAULT.meta["categories"]
        assert tuple(theirs) == ("__background__", *VOC_CLASSES[1:])
    assert model_for("voc") == "fcn_resnet50"
    with pytest.raises(ValueError, match=r"model = 'resnet20': allowed is one of fcn_resnet50, .*, resnet20 is for cifar10"):
        model_for("voc", "resnet20")
