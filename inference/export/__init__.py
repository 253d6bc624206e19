"""Keyed networks as files that run without keycam: torch.export programs and ONNX."""

from inference.export.comparison import Comparison, compare, smooth_frames
from inference.export.folding import fold_batch_norms
from inference.export.onnx_model import onnx_answers, write_onnx
from inference.export.program import ExportError, dense_axes, export_program, program_answers, write_program

__all__ = [
    "Comparison",
    "ExportError",
    "compare",
    "dense_axes",
    "export_program",
    "fold_batch_norms",
    "onnx_answers",
    "program_answers",
    "smooth_frames",
    "write_onnx",
    "write_program",
]
