"""Figure 3 of Perez et al. on CamVid: `python -m experiments.segmentation_figure DATA` draws docs/segmentation.webp.

DATA is a folder with CamVid. The published figure shows a fully convolutional network on photographs of PASCAL VOC under one
static order; this one shows the network that comes with keycam on test pictures, each a frame of the secure policy.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from adc import Converter, Geometry, KeySchedule, readout
from experiments.command import run
from inference.answers import MaskAnswer, answer_of
from inference.datasets import CAMVID_CLASSES, CAMVID_PALETTE, load_camvid
from inference.isp import IspSettings, KeyedImage, isp
from inference.keyed import KeyedNetwork, convert
from inference.models import load
from inference.receiver import Receiver

FIGURE = Path(__file__).parents[1] / "docs" / "segmentation.webp"
PICTURES = (14, 90, 200)
"""Which of the test pictures are shown."""
CONVERTER = Converter(black_level_dn=0, bits=8)
SETTINGS = IspSettings(gamma="linear")  # the pictures' values are gamma-encoded already


@dataclass(frozen=True)
class _Signal:
    signal_v: NDArray[np.float32]
    exposure_s: float = 1.0
    temperature_k: float = 300.0


@dataclass(frozen=True, eq=False)
class Row:
    """One picture of the figure.

    Attributes
    ----------
    image, link
        uint8 (H, W, 3): the picture, and the emitted samples laid row by row.
    plain, keyed, wrong_key
        uint8 (H, W), masks of the plain network, of the keyed one, and of the keyed one with a wrong key.
    """

    image: NDArray[np.uint8]
    link: NDArray[np.uint8]
    plain: NDArray[np.uint8]
    keyed: NDArray[np.uint8]
    wrong_key: NDArray[np.uint8]


def rows(images: NDArray[np.uint8], model: str = "fcn_resnet12", weights: Path | None = None) -> Iterator[Row]:
    """Send pictures, uint8 (N, H, W, 3), through the keyed camera; what the key holder and others make of them.

    A picture's values are the codes of a sensor with three samples a photosite, as in `keycam eval`. Throw-away keys.
    """
    network = load(model, weights)
    height, width = images.shape[1:3]
    schedule, wrong = (KeySchedule(secrets.token_bytes(32), device="figure") for _ in range(2))
    keyed = convert(network, torch.zeros(1, 3, height, width), layer_orders=schedule.layer_orders())
    receiver, geometry = Receiver(schedule, live=False), Geometry(height, width, bits=8, cfa="rgb")
    for counter, image in enumerate(images):
        signal = _Signal(image.astype(np.float32) * np.float32(CONVERTER.lsb_v))
        raw = readout(signal, CONVERTER, schedule.frame_key(counter, geometry))
        restored = isp(raw, receiver.accept(raw), SETTINGS)
        with torch.inference_mode():
            plain = network(torch.from_numpy(restored.restore())[None])[0].argmax(0)
        yield Row(
            image=image,
            link=raw.samples.reshape(height, width, 3).astype(np.uint8),
            plain=plain.numpy().astype(np.uint8),
            keyed=_mask(keyed, restored),
            wrong_key=_mask(keyed, isp(raw, wrong.frame_key(counter, geometry), SETTINGS)),
        )


def _mask(keyed: KeyedNetwork, image: KeyedImage) -> NDArray[np.uint8]:
    with torch.inference_mode():
        answer = answer_of(keyed, torch.from_numpy(image.x)[None], torch.from_numpy(image.order.astype(np.int64))[None])
    assert isinstance(answer, MaskAnswer)
    return answer.mask


def draw(drawn: Iterable[Row], file: Path) -> None:
    """Draw a line of five panes for each row, and the colours of the classes below, into `file` (WebP)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    lines = list(drawn)
    figure = Figure(figsize=(12, 0.9 + 1.85 * len(lines)), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(lines), 5, squeeze=False)
    titles = ("image", "what the link carries", "plain mask", "keyed mask", "mask with a wrong key")
    for title, ax in zip(titles, axes[0], strict=True):
        ax.set_title(title, fontsize=11)
    for row, panes in zip(lines, axes, strict=True):
        masks = (CAMVID_PALETTE[mask] for mask in (row.plain, row.keyed, row.wrong_key))
        for picture, ax in zip((row.image, row.link, *masks), panes, strict=True):
            ax.imshow(picture, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
        different = int((row.plain != row.keyed).sum())
        panes[3].set_xlabel(f"{different} of {row.plain.size:,} pixels differ", fontsize=9)
    patches = [Patch(color=CAMVID_PALETTE[i] / 255, label=name) for i, name in enumerate(CAMVID_CLASSES)]
    figure.legend(handles=patches, loc="outside lower center", ncols=len(patches), fontsize=9, frameon=False, handlelength=1)
    figure.savefig(file, format="webp", pil_kwargs={"quality": 80})


def experiment(data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder with CamVid.")]) -> None:
    """Draw docs/segmentation.webp."""
    draw(rows(load_camvid("test", data).images[list(PICTURES)]), FIGURE)
    print(f"wrote {FIGURE.name}")


if __name__ == "__main__":
    run(experiment)
