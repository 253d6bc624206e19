"""docs/results.md: `python -m experiments.results_page` writes it from the records and the published figures."""

from dataclasses import dataclass
from pathlib import Path

from experiments.own_tables import BEYOND, OwnTable, own_markdown
from experiments.provenance import shortened
from experiments.published import FIGURE_3, TABLE_1, TABLE_2, PublishedTable, ito_table
from experiments.record import RESULTS, Record, read
from experiments.side_by_side import markdown, published_only

PAGE = Path(__file__).parents[1] / "docs" / "results.md"


@dataclass(frozen=True)
class Entry:
    """One record of one table: what it is called, of which network, the command that makes it, and its picture.

    `why` tells why its figures differ from the published ones, or why there is no record.
    """

    table: PublishedTable
    experiment: str
    model: str
    command: str
    why: str = ""
    picture: str = ""


SENT_AND_RECOVERED = "Pictures, what is sent of them, what an inverse network recovers, and box plots of how near it comes"
SMALLER = "ResNet-20 has a fiftieth of VGG-16's parameters: it is the network whose weights come with keycam."
SHORT = "its training was short, as there was no GPU: its recipe and time are below, and some 200 epochs are usual"
ENTRIES = (
    Entry(
        TABLE_1, "table1-vgg16", "vgg16", "python -m experiments.table1 --data DIR",
        why=f"Ours differs from the published plain accuracy because {SHORT}. Fine-tuning without a key ends lower than "
        "published for the same reason, as its budget below tells; the paper does not say what its network had.",
    ),
    Entry(
        TABLE_1, "table1-resnet20", "resnet20", "python -m experiments.table1 --data DIR --model resnet20",
        why=f"Ours differs from the published plain accuracy because it is another network. {SMALLER} Fine-tuning without a key "
        "ends lower than published because it is a smaller network with the budget told below; the paper does not say what its "
        "network had.",
    ),
    Entry(
        TABLE_2, "table2-preresnet110", "preresnet110", "python -m experiments.table2 --data DIR",
        why=f"Ours of PreResNet-110 differs from the published one because {SHORT}. ResNet-20, a sixth of its "
        "size, had 50 epochs and ends higher. What the table is about, that the key costs no accuracy, does not depend on it.",
    ),
    Entry(FIGURE_3, "figure3", "fcn_resnet12", "python -m experiments.figure3 --data DIR"),
    Entry(
        FIGURE_3, "figure3-voc", "fcn_resnet50", "python -m experiments.figure3 --data DIR --dataset voc",
        why="Neither PASCAL VOC nor torchvision's weights could be downloaded where the records were made.",
    ),
    Entry(
        ito_table("resnet20"), "ito-resnet20", "resnet20", "python -m experiments.ito_table1 --data DIR",
        why="Ours differs from the published one because our U-Net is a quarter as wide and its training short, as there was no "
        "GPU, and because the features are those of another network, as ImageNet's weights could not be downloaded; so does "
        "what an inverse network recovers. Alpha weighs another distance than the published one and does not compare: at .005 "
        "and .01 what is sent still shows the scene, as the pictures and the ratios as sent say.",
        picture="transformation-resnet20.png",
    ),
    Entry(
        ito_table("vgg16"), "ito-vgg16", "vgg16", "python -m experiments.ito_table1 --data DIR --model vgg16 --weights FILE",
        why="No weights of VGG-16 come with keycam (59 MB), and without a GPU the time went into the column of ResNet-20.",
        picture="transformation-vgg16.png",
    ),
)  # fmt: skip

HEAD = """# Results: what was published, and what we found

Written by `python -m experiments.results_page` from the records in `experiments/results` and the published figures in
`experiments/published.py`: run it again rather than edit this page. A figure that nobody measured yet says so, with the
command that measures it; DIR is the folder with the data set. Every command can be stopped and run again, and `--quick` checks
its whole path in minutes.

What is deterministic: keys, pictures and their order, crops and fresh weights follow from the seed, and evaluation runs on the
CPU in single precision. The same machine with the same seed gives the same predictions. Another processor, another number of
threads or another version of torch sums in another order, so that a training there gives other weights; with finished weights,
a prediction whose two best scores are nearly equal may turn out otherwise. Training on a GPU is not deterministic.
"""

BEYOND_HEAD = """## Beyond the papers

Figures that neither paper has. [What homomorphic and multi-party inference cost instead](alternatives.md) is a page of its own.
"""


def page(folder: Path = RESULTS) -> str:
    """The page, from the records in `folder`. Raises `RecordError` for a damaged one."""
    parts, last = [HEAD], None
    for entry in ENTRIES:
        if entry.table.name != last:
            published = f"Published: {entry.table.source}. {entry.table.note}".rstrip()
            parts.append(f"## {entry.table.title}\n\n{published}\n")
        last = entry.table.name
        parts.append(section(entry, read(entry.experiment, folder)))
    parts += [BEYOND_HEAD, *(own_section(table, read(table.experiment, folder)) for table in BEYOND)]
    return "\n".join(parts)


def section(entry: Entry, record: Record | None) -> str:
    """What was found for one entry, beside what was published."""
    title = f"### Ours: {entry.model}\n\n"
    if record is None:
        reason = f"{entry.why}\n\n" if entry.why else ""
        return f"{title}Not measured yet, command: `{entry.command}`\n\n{reason}{published_only(entry.table)}"
    ours = {name for found in record.figures.values() for name in found}
    missing = [row.label for row in entry.table.rows if not row.quoted and row.name not in ours]
    picture = f"![{SENT_AND_RECOVERED}]({entry.picture})\n\n" if entry.picture else ""
    lines = [f"- {entry.why}"] if entry.why else []
    lines += [f"- {what}: {remark}" for what, remark in record.remarks.items()]
    if missing:
        lines.append(f"- not measured yet: {'; '.join(missing)}; command: `{entry.command}`")
    lines.append(f"- {came_from(record)}")
    return f"{title}{picture}{markdown(entry.table, record)}\n" + "\n".join(lines) + "\n"


def own_section(table: OwnTable, record: Record | None) -> str:
    """What was found that nobody published, with its figure."""
    title = f"### {table.title}\n\n{table.note}\n\n"
    if record is None:
        return f"{title}Not measured yet, command: `{table.command}`\n"
    picture = f"![{table.shows}]({table.picture})\n\n" if table.picture else ""
    lines = [*(f"- {what}: {remark}" for what, remark in record.remarks.items()), f"- {came_from(record)}"]
    return f"{title}{picture}{own_markdown(table, record)}\n" + "\n".join(lines) + "\n"


def came_from(record: Record) -> str:
    """Data, seed, commit, machine, time, versions and command of a record."""
    return (
        f"{record.data['pictures']:,} pictures of {record.data['name']} (SHA-256 {record.data['sha256'][:12]}), "
        f"seed {record.seed}, commit {shortened(record.commit)}, {record.hardware}, {record.wall_s / 60:.0f} min, "
        + ", ".join(f"{name} {version}" for name, version in record.versions.items())
        + f"\n- command: `{record.command}`"
    )


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
