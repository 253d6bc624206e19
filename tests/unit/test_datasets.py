"""CIFAR-10 is read from sheets of tiles and from torchvision's own files, picture by picture with its label."""

import json
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from torchvision.datasets import CIFAR10

from inference.datasets import CIFAR10_CLASSES, DataError, LabelledImages, load_cifar10

RNG = np.random.default_rng(1)
TRAINING, TRAINING_LABELS = RNG.integers(0, 256, (5, 130, 32, 32, 3), np.uint8), RNG.integers(0, 10, (5, 130))
TEST, TEST_LABELS = RNG.integers(0, 256, (130, 32, 32, 3), np.uint8), RNG.integers(0, 10, 130)


def write_sheet(folder: Path, name: str, pictures: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    sheet = np.zeros((64, 3200, 3), np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, 100)
        sheet[32 * row : 32 * row + 32, 32 * column : 32 * column + 32] = picture
    assert cv2.imwrite(str(folder / f"{name}.webp"), sheet[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 101])
    np.save(folder / f"{name}_labels.npy", labels.astype(np.uint8))


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sheets")
    (folder / "manifest.json").write_text(json.dumps({"classes": CIFAR10_CLASSES}))
    for number in range(5):
        write_sheet(folder, f"train_{number}", TRAINING[number], TRAINING_LABELS[number])
    write_sheet(folder, "test", TEST, TEST_LABELS)
    return folder


@pytest.fixture
def torchvision_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files as torchvision's downloader leaves them: pickles of rows of 3072 numbers, channel by channel."""
    base = tmp_path / CIFAR10.base_folder
    base.mkdir()
    batches = [(f"data_batch_{n + 1}", TRAINING[n], TRAINING_LABELS[n]) for n in range(5)] + [("test_batch", TEST, TEST_LABELS)]
    for name, pictures, labels in batches:
        rows = pictures.transpose(0, 3, 1, 2).reshape(len(pictures), -1)
        (base / name).write_bytes(pickle.dumps({"data": rows, "labels": labels.tolist()}))
    (base / "batches.meta").write_bytes(pickle.dumps({"label_names": list(CIFAR10_CLASSES)}))
    # Torchvision compares checksums with those of the true files.
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda path, md5=None: Path(path).is_file())
    return tmp_path


def is_what_was_written(data: Path) -> None:
    test, training = load_cifar10("test", data), load_cifar10("train", data)
    assert np.array_equal(test.images, TEST)
    assert np.array_equal(test.labels, TEST_LABELS)
    assert np.array_equal(training.images, TRAINING.reshape(-1, 32, 32, 3))
    assert np.array_equal(training.labels, TRAINING_LABELS.reshape(-1))
    for split in (test, training):
        assert split.classes == CIFAR10_CLASSES
        assert (split.images.dtype, split.labels.dtype) == (np.uint8, np.int64)


def test_sheets_give_the_pictures_that_were_put_in(sheets: Path) -> None:
    is_what_was_written(sheets)


def test_torchvision_s_files_give_the_same_pictures_and_print_nothing(
    torchvision_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = CIFAR10.__init__

    def remarking(self: CIFAR10, *arguments: object, **options: object) -> None:
        print("Files already downloaded and verified")  # as older releases do
        genuine(self, *arguments, **options)

    monkeypatch.setattr(CIFAR10, "__init__", remarking)
    is_what_was_written(torchvision_folder)
    assert capsys.readouterr().out == ""


def test_the_true_test_pictures_are_the_ten_thousand(test_data: Path) -> None:
    test = load_cifar10("test", test_data / "cifar10")
    assert test.images.shape == (10_000, 32, 32, 3)
    assert np.bincount(test.labels).tolist() == [1000] * 10
    # Krizhevsky 2009: the mean of each channel over the training pictures; over 10,000 others it is within 1 of 255.
    assert test.images.mean((0, 1, 2)) == pytest.approx([125.3, 123.0, 113.9], abs=1.5)


def test_the_first_pictures_keep_their_labels(sheets: Path) -> None:
    test = load_cifar10("test", sheets)
    few = test.first(7)
    assert len(few) == 7
    assert np.array_equal(few.images, TEST[:7])
    assert np.array_equal(few.labels, TEST_LABELS[:7])
    assert len(test.first(None)) == len(test.first(10**6)) == 130


def test_an_unknown_split_is_refused(sheets: Path) -> None:
    with pytest.raises(DataError, match="split = 'validation': allowed is 'train' or 'test'"):
        load_cifar10("validation", sheets)


@pytest.mark.parametrize("shape", [(130, 32, 32), (130, 32, 32, 4), (129, 32, 32, 3)])
def test_pictures_and_labels_must_belong_together(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="allowed is"):
        LabelledImages(np.zeros(shape, np.uint8), np.zeros(130, np.int64), CIFAR10_CLASSES)


@pytest.mark.parametrize("shape", [(32, 3168, 3), (33, 3200, 3)])
def test_a_sheet_of_another_size_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert cv2.imwrite(str(tmp_path / "test.webp"), np.zeros(shape, np.uint8))
    np.save(tmp_path / "test_labels.npy", np.zeros(9, np.uint8))
    with pytest.raises(DataError, match=f"is {shape[1]}x{shape[0]} pixels .* allowed is rows of 100 tiles of 32 pixels"):
        load_cifar10("test", tmp_path)
