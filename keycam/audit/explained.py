"""What each attack is, and what its figures are called."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Explained:
    """An attack for people: its title, what the attacker has, what is done with it, and where that comes from."""

    title: str
    needs: str
    does: str
    source: str


EXPLAINED = {
    "ciphertext_only": Explained(
        "Frames alone",
        "frames as they travel, nothing else",
        "Neighbours on a sensor see alike, so their samples go together over time. For every pair of emitted positions the "
        "attacker measures how alike they are, lays the positions side by side as a jigsaw puzzle, and anneals what was laid.",
        "Le Roux, Bengio, Lamblin, Joliveau, Kégl, “Learning the 2-D topology of images”, NIPS 2007; Pomeranz, Shemesh, "
        "Ben-Shahar, “A fully automated greedy square jigsaw puzzle solver”, CVPR 2011",
    ),
    "known_plaintext": Explained(
        "Known scenes",
        "three frames, and what the camera looked at",
        "The values that a pixel takes over the scenes are looked for among those of the emitted positions.",
        "S. Li, C. Li, Chen, Bourbakis, Lo, “A general quantitative cryptanalysis of permutation-only multimedia ciphers against "
        "plaintext attacks”, Signal Processing: Image Communication 23, 2008",
    ),
    "chosen_plaintext": Explained(
        "Chosen scenes",
        "the camera's view for the time of a frame or a few",
        "The scenes shown spell out the number of every pixel, so the frames say where each went.",
        "the same, and Jolfaei, Wu, Muthukkumarasamy, “On the security of permutation-only image encryption schemes”, "
        "IEEE TIFS 11, 2016",
    ),
    "histogram": Explained(
        "Values without places",
        "one frame; to tell classes, also frames of their own with known classes",
        "An order moves values and changes none: quantiles of the colours tell which of many scenes it is again, and a small "
        "network tells classes from histograms. Without the mask this works whatever the order. Chi-square says how far the "
        "samples of a large scene are from a flat histogram: 1 where all values are equally frequent.",
        "Swain, Ballard, “Color indexing”, IJCV 7, 1991; Chapelle, Haffner, Vapnik, “Support vector machines for histogram-based "
        "image classification”, IEEE TNN 10, 1999",
    ),
    "single_frame": Explained(
        "One frame of an order with structure",
        "one large frame (480x360), emitted in row-column or in block order with this policy's mask and refresh",
        "Rows and columns are sorted into the shortest way through all of them, blocks of 8x8 are laid together by their edges. "
        "Chance is what random orders of the same kind score: their kind is no secret.",
        "Croes, “A method for solving traveling-salesman problems”, Operations Research 6, 1958; Chuman, Kurihara, Kiya, "
        "“On the security of block scrambling-based EtC systems against extended jigsaw puzzle solver attacks”, IEICE "
        "Transactions on Information and Systems E101-D, 2018",
    ),
    "tables": Explained(
        "Tables of the keyed network",
        "the sampling offsets of the first layer, and no frame",
        "Two taps side by side say which two positions are neighbours on the sensor; all of them together say the whole order. "
        "This is so under every policy: the tables are the key.",
        "the offsets are those of Perez, Lopez, Arguello, ICASSP 2024, equation 2",
    ),
    "partial_key": Explained(
        "Partly right keys",
        "a key of which some entries are right",
        "Pictures are restored with it, looked at and classified by the plain network. Low accuracy is not privacy: the picture "
        "is plain to see long before the network recovers.",
        "SSIM: Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 13, 2004",
    ),
}

_LABELS = {
    "psnr_db": "PSNR",
    "wall_s": "time",
    "cpu_s": "time of all cores",
    "ssim": "SSIM",
    "scrambled_ssim": "SSIM on the link",
    "scene_chi_square_per_dof": "chi-square of the scene",
    "link_chi_square_per_dof": "chi-square on the link",
}


def figure_label(name: str) -> str:
    """A figure's name for people."""
    return _LABELS.get(name, name.replace("_", " "))


def figure_text(name: str, value: float) -> str:
    """A figure's value for people: shares in per cent, the others in their unit."""
    if name.endswith("_db"):
        return f"{value:.1f} dB"
    if name.endswith("_s"):
        return f"{value:.1f} s"
    if "ssim" in name:
        return f"{value:.3f}"
    if name.endswith("_per_dof"):
        return f"{value:,.2f}"
    return f"{100 * value:.3g} %"
