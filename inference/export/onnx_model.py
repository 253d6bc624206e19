"""A keyed network as an ONNX model: inputs x and order, as many frames as the program takes."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor
from torch.export import ExportedProgram

from inference.export.program import Answers, ExportError

PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def check_installed() -> None:
    """Raise `ExportError` unless what ONNX needs is installed."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ExportError(f"onnx: {', '.join(missing)} not installed; allowed is with the extra called onnx")


def write_onnx(program: ExportedProgram, outputs: list[str], file: Path) -> None:
    """Write `program`, whose outputs are called `outputs`, to `file` as ONNX.

    Raises `ExportError` where the exporter has no ONNX for what the program does, or a package is missing.
    """
    check_installed()
    free = {0: "frames"} if program.range_constraints else None
    try:
        with _quiet_exporter():
            model = torch.onnx.export(
                program, dynamo=True, verbose=False, input_names=["x", "order"], output_names=outputs,
                dynamic_shapes={"x": free, "order": free},
            )  # fmt: skip
    except torch.onnx.OnnxExporterError as error:
        raise ExportError(f"it has no ONNX form ({str(error).splitlines()[0]})") from error
    assert model is not None
    model.save(file, external_data=False)  # one file, which can be kept secret and moved whole


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Without what the exporter says of things that are as they should be."""
    passes = logging.getLogger("onnx_ir.passes")
    level = passes.level
    passes.setLevel(logging.ERROR)  # it warns of an order that is an output and a constant
    try:
        with warnings.catch_warnings():
            # Both inputs have the one free dimension.
            warnings.filterwarnings("ignore", message="# The axis name: frames will not be used", category=UserWarning)
            yield
    finally:
        passes.setLevel(level)


def onnx_answers(file: Path) -> Answers:
    """The answers of onnxruntime, on the processor, for the model in `file`."""
    check_installed()
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def answers(x: Tensor, order: Tensor) -> dict[str, Tensor]:
        values = session.run(names, {"x": x.numpy(), "order": order.numpy()})
        return {name: torch.from_numpy(value) for name, value in zip(names, values, strict=True)}

    return answers
