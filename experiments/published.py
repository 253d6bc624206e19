"""What was published: every figure that this project sets its own beside, each table with its source. Nothing here is ours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedRow:
    """One line of a published table.

    Attributes
    ----------
    name
        What a record calls it.
    label
        What it says to people.
    value
        The published figure in the table's unit; None where there is none.
    quoted
        A peer's figure, which the paper quotes and we did not set out to reproduce.
    """

    name: str
    label: str
    value: float | None = None
    quoted: bool = False


@dataclass(frozen=True)
class PublishedTable:
    """A published table or figure. `unit` is that of its values; `note` says how we read it."""

    name: str
    title: str
    source: str
    rows: tuple[PublishedRow, ...]
    note: str = ""
    unit: str = "%"

    def __post_init__(self) -> None:
        names = [row.name for row in self.rows]
        if len(set(names)) != len(names):
            raise ValueError(f"rows = {names}: allowed is each name once")


_PEREZ = "J. Perez, D. Lopez, H. Arguello, ICASSP 2024"
_ITO = "H. Ito, Y. Kinoshita, H. Kiya, 2020"

TABLE_1 = PublishedTable(
    name="table1",
    title="Perez et al., table 1: VGG-16 on CIFAR-10",
    source=f"{_PEREZ}, table 1",
    rows=(
        PublishedRow("plain", "non-private: plain network, plain pictures", 94.1),
        PublishedRow("unkeyed", "pre-trained: plain network, keyed pictures", 11.7),
        PublishedRow("fine-tuned", "fine-tuned on keyed pictures, without a key", 57.6),
        PublishedRow("with key, input", "with key, orders undone at the first layer", 94.1),
        PublishedRow("with key, every layer", "with key, every layer in a secret order", 94.1),
        PublishedRow("wrong key", "with a wrong key", 11.8),
    ),
    note="The paper has one line for the network with its key; ours are two, one for each way of keying a network. "
    "Its order is static and without a mask: the columns of `paper` are the ones to compare. A network that was trained on one "
    "kind of frame is tested on that kind.",
)

TABLE_2 = PublishedTable(
    name="table2",
    title="Perez et al., table 2: other private classifiers of CIFAR-10",
    source=f"{_PEREZ}, table 2, which quotes the peers' figures",
    rows=(
        PublishedRow("ele", "ELE + ShakeDrop, 29.31 M parameters", 83.06, quoted=True),
        PublishedRow("etc", "EtC + ShakeDrop, 5.35 M parameters", 89.09, quoted=True),
        PublishedRow("privconv", "PrivConv, ConvMixer-512/16, 5.35 M parameters", 92.65, quoted=True),
        PublishedRow("preresnet110", "PreResNet-110 with key, 1.70 M parameters", 95.06),
        PublishedRow("resnet20", "ResNet-20 with key, 0.27 M parameters; not in the paper"),
    ),
    note="Peers train their network on scrambled pictures, which it then classifies without a key; a keyed network holds the "
    "key. We did not train the peers' networks; one small network on each scheme's images is further down, among our own tables.",
)

FIGURE_3 = PublishedTable(
    name="figure3",
    title="Perez et al., figure 3: segmentation",
    source=f"{_PEREZ}, figure 3, which shows masks and gives no figures",
    rows=(
        PublishedRow("plain", "plain network, mean IoU"),
        PublishedRow("with key, input", "with key, orders undone at the first layer, mean IoU"),
        PublishedRow("with key, every layer", "with key, every layer in a secret order, mean IoU"),
        PublishedRow("different pixels", "pixels of the keyed masks that differ from the plain ones"),
        PublishedRow("wrong key", "with a wrong key, mean IoU"),
        PublishedRow("unkeyed", "plain network, keyed pictures, mean IoU"),
    ),
    note="The paper has PASCAL VOC. Ours is CamVid with a network of our own, and PASCAL VOC with torchvision's where both can "
    "be downloaded; [segmentation](segmentation.md) has the figure.",
)

ITO_ALPHAS = (0.0, 0.001, 0.005, 0.01, 0.05, 0.1)
_ITO_PLAIN = {"resnet20": 91.23, "vgg16": 92.23}
_ITO_ACCURACY = {
    "resnet20": {0.005: 91.72, 0.01: 91.41, 0.05: 89.63, 0.1: 39.92},
    "vgg16": {0.005: 91.94, 0.01: 91.13, 0.05: 18.67, 0.1: 18.99},
}
_ITO_PEERS = {"resnet20": {"tanaka": 85.18, "pixel-based": 90.99}, "vgg16": {"tanaka": 85.79, "pixel-based": 90.29}}


def ito_table(model: str) -> PublishedTable:
    """The column of Ito et al.'s table I for `model`: resnet20 or vgg16. Raises `ValueError` for another."""
    if model not in _ITO_PLAIN:
        raise ValueError(f"model = {model!r}: allowed is {', '.join(_ITO_PLAIN)}, the networks of the published table")
    return PublishedTable(
        name="ito-table1",
        title="Ito et al., table I: a transformation network before a frozen classifier of CIFAR-10",
        source=f"{_ITO}, table I",
        rows=(
            PublishedRow("plain", "plain pictures", _ITO_PLAIN[model]),
            *(
                PublishedRow(f"alpha {alpha}", f"transformed, alpha = {alpha}", _ITO_ACCURACY[model].get(alpha))
                for alpha in ITO_ALPHAS
            ),
            PublishedRow("tanaka", "Tanaka's learnable encryption", _ITO_PEERS[model]["tanaka"], quoted=True),
            PublishedRow("pixel-based", "pixel-based encryption", _ITO_PEERS[model]["pixel-based"], quoted=True),
        ),
    )
