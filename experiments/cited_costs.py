"""What others published about the cost of inference on encrypted or shared data. Every figure is a quotation; nothing is ours."""

from dataclasses import dataclass

NOT_FOUND = "not found"
"""A figure that is not in the part of the source that we could read."""


@dataclass(frozen=True)
class CitedCost:
    """One system as its authors describe it.

    Attributes
    ----------
    system, kind
        What it is called, and what it computes on: homomorphic ciphertexts, or shares between two parties.
    network, machine
        What was run, and on what.
    time, traffic, memory, accuracy
        Of one picture, in the authors' words and units; `NOT_FOUND` where we could not read it in the source.
    source
        Who, where, when, and the part of the paper that has the figures.
    """

    system: str
    kind: str
    network: str
    machine: str
    time: str
    source: str
    traffic: str = NOT_FOUND
    memory: str = NOT_FOUND
    accuracy: str = NOT_FOUND


HOMOMORPHIC, TWO_PARTY = "homomorphic", "two-party"

CITED = (
    CitedCost(
        "HCNN", HOMOMORPHIC, "a CNN, CIFAR-10", "GPUs", "304.43 s, for one picture or 8,000",
        accuracy="77.55 %", source="Al Badawi et al., arXiv 1811.00778, 2018, abstract; security above 80 bit",
    ),
    CitedCost(
        "RNS-CKKS with bootstrapping", HOMOMORPHIC, "ResNet-20, CIFAR-10", "112 cores (two Xeon Platinum 8280)", "about 3 h",
        memory="172 GB", accuracy="92.43 % +- 2.65 (plain 91.89 %)",
        source="Lee, Kang et al., Privacy-preserving machine learning with fully homomorphic encryption for deep neural network, "
        "IEEE Access 2022, abstract; an earlier version, arXiv 2106.07229, has about 4 h and 90.67 %",
    ),
    CitedCost(
        "multiplexed parallel convolutions", HOMOMORPHIC, "ResNet-20, CIFAR-10", NOT_FOUND, "4.67 times less than work before it",
        source="Lee, Lee et al., Low-complexity deep convolutional neural networks on fully homomorphic encryption using "
        "multiplexed parallel convolutions, ICML 2022, abstract; 128-bit security",
    ),
    CitedCost(
        "CKKS, low memory", HOMOMORPHIC, "ResNet-20, CIFAR-10", "a laptop", "less than 5 min", memory="about 15 GB",
        accuracy="91.67 % (plain 92.60 %)",
        source="Rovida, Leporati, Encrypted image classification with low memory footprint using fully homomorphic encryption, "
        "Int. J. Neural Systems 2024, abstract",
    ),
    CitedCost(
        "Gazelle", TWO_PARTY, "a CNN, CIFAR-10", NOT_FOUND, NOT_FOUND,
        source="Juvekar, Vaikuntanathan, Chandrakasan, USENIX Security 2018; its abstract has ratios alone: 20 to 30 times as "
        "fast online as MiniONN and Chameleon",
    ),
    CitedCost(
        "Cheetah", TWO_PARTY, "ResNet-50, ImageNet", "two parties, wide area network", "less than 2.5 min",
        traffic="2.3 GB", source="Huang, Lu, Hong, Ding, USENIX Security 2022, abstract",
    ),
    CitedCost(
        "CrypTFlow2", TWO_PARTY, "ResNet-50, ImageNet", "the same", "some 5.6 times that of Cheetah",
        traffic="some 12.9 times that of Cheetah",
        source="Rathee et al., CCS 2020, as measured in the abstract of Cheetah",
    ),
    CitedCost(
        "Flash", TWO_PARTY, "a CNN with polynomials for ReLU, CIFAR-100", "a CPU", "0.02 min", traffic="0.07 GB",
        source="Flash: a hybrid private inference protocol for deep CNNs, arXiv 2401.16732, 2024, abstract",
    ),
)  # fmt: skip


def cited_table() -> str:
    """All of them in Markdown."""
    lines = [
        "| system | computes on | network | machine | time | traffic | memory | accuracy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for number, cost in enumerate(CITED, 1):
        cells = (
            f"{cost.system} [{number}]", cost.kind, cost.network, cost.machine,
            cost.time, cost.traffic, cost.memory, cost.accuracy,
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    sources = "\n".join(f"{number}. {cost.source}." for number, cost in enumerate(CITED, 1))
    return "\n".join(lines) + f"\n\n{sources}"
