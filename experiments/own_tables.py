"""Tables of figures that nobody published: what is asked, how it is measured, and a record of it as text."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from experiments.record import Record
from experiments.side_by_side import NOT_MEASURED, figure_text


@dataclass(frozen=True)
class OwnTable:
    """One record that stands for itself: a column for each of its columns, a row for each of its rows.

    Attributes
    ----------
    experiment
        What the record is called.
    title, note
        What is asked, and how it is measured and to be read.
    heading
        What the rows are, with the unit.
    command
        What measures it; a record tells with which options it was made.
    picture, shows
        The figure's file name in the documentation, and what it shows; empty where there is none.
    """

    experiment: str
    title: str
    note: str
    heading: str
    command: str
    picture: str = ""
    shows: str = ""

    def __post_init__(self) -> None:
        if bool(self.picture) != bool(self.shows):
            raise ValueError(f"shows = {self.shows!r}: allowed is a text for a picture and none without")


_CAMERA = "python -m experiments.camera_accuracy --data DIR"

CAMERA_EXPOSURE = OwnTable(
    experiment="camera-exposure",
    title="The whole camera: accuracy against the exposure",
    note="ResNet-20 on test pictures of CIFAR-10 as scenes before the simulated sensor, with its noise, secure readout and ISP; "
    "each exposure is half of the one before, made up for by digital gain. The plain network sees the same noise in a raster "
    "frame. Accuracies in %; the last column counts answers with the key, in both modes together, that are other ones than "
    "the plain network's.",
    heading="exposure, ms",
    command=_CAMERA,
    picture="camera-accuracy.png",
    shows="Accuracy of the plain network and of its two keyed twins against the exposure and against the depth of the converter",
)
CAMERA_BITS = OwnTable(
    experiment="camera-bits",
    title="The whole camera: accuracy against the depth of the converter",
    note="The same at the default exposure. Range, black level and non-linearity of the converter stay the same in volts, so "
    "that a code of 6 bits is 64 times as coarse as one of 12.",
    heading="bits",
    command=_CAMERA,
)
PARTIAL_KEYS = OwnTable(
    experiment="partial-keys",
    title="Partly right keys: accuracy and likeness against the share of right entries",
    note="Test pictures in the static order of the paper's policy, restored with a key of which this share of the entries is "
    "right; a keyed network that is given such a key answers as the plain one does on these pictures. Mean over the keys, "
    "lowest and highest one; accuracy of ResNet-20 in %, median SSIM of 500 pictures. A key that is useless to the network "
    "may still show the scene: low accuracy is not privacy.",
    heading="share of right entries",
    command="python -m experiments.partial_keys --data DIR",
    picture="partial-keys.png",
    shows="Accuracy and SSIM of pictures against the share of right key entries, with the spread over the keys and the level "
    "of chance",
)
FRESH_KEY_TRAINING = OwnTable(
    experiment="fresh-key-training",
    title="Training without a key: what an eavesdropper with labels could learn",
    note="Copies of the trained ResNet-20 go on learning from emitted frames whose classes somebody told them, the same budget "
    "for each kind of frames, and are tested on frames of that kind. A network can learn where a static order puts the pixels; "
    "under a fresh order only the values of a frame are left, as a histogram; under the mask nothing is. Figures in %; a longer "
    "training or another network may learn more, except from what is masked. The level of chance is the share of the most "
    "frequent class.",
    heading="frames",
    command="python -m experiments.fresh_key_training --data DIR",
    picture="fresh-key-training.png",
    shows="Test accuracy of networks that were trained on frames in a static order, in fresh orders, and in fresh orders with "
    "a mask, beside the level of chance",
)
SCHEME_TRAINING = OwnTable(
    experiment="scheme-training",
    title="Training on each scheme's images: what the peers' way gives with one small network",
    note="A fresh ResNet-20 for each scheme learns on encrypted pictures whose classes it is told, without a key, and is tested "
    "on encrypted pictures: the peers' way to private classification, with the same network and budget for all of them and "
    "without the adaptation layers of the papers, so that these figures are no reproduction of theirs. It cuts both ways: where "
    "such a network learns, so does an eavesdropper who has labels. A keyed network needs no such training: it answers as the "
    "plain one does, and what `keycam-secure` sends teaches nobody anything. The level of chance is the share of the most "
    "frequent class.",
    heading="scheme",
    command="python -m experiments.scheme_training --data DIR",
    picture="scheme-training.png",
    shows="Test accuracy of one small network that was trained on the images of each scheme, beside the level of chance",
)
BEYOND = (CAMERA_EXPOSURE, CAMERA_BITS, PARTIAL_KEYS, FRESH_KEY_TRAINING, SCHEME_TRAINING)


def own_markdown(table: OwnTable, record: Record) -> str:
    """The record as a table in Markdown."""
    first, *lines = _lines(table, record)
    rule = ["---"] + ["---:"] * (len(first) - 1)
    return "\n".join(f"| {' | '.join(line)} |" for line in (first, rule, *lines)) + "\n"


def print_own(table: OwnTable, record: Record) -> None:
    """Print the record on standard output, and how its figures came about."""
    first, *lines = _lines(table, record)
    shown = Table(title=table.title)
    for number, heading in enumerate(first):
        shown.add_column(heading, justify="right" if number else "left")
    for line in lines:
        shown.add_row(*line)
    console = Console(width=160)
    console.print(shown)
    for what, remark in record.remarks.items():
        console.print(f"{what}: {remark}", soft_wrap=True, highlight=False)


def _lines(table: OwnTable, record: Record) -> list[list[str]]:
    rows = dict.fromkeys(row for column in record.figures.values() for row in column)
    lines = [[table.heading, *record.figures]]
    for row in rows:
        values = [column.get(row) for column in record.figures.values()]
        lines.append([row, *(NOT_MEASURED if value is None else figure_text(value) for value in values)])
    return lines
