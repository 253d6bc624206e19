"""Volts to samples in keyed order: keys, orders, masks, conversion, frames."""

import numba

if numba.config.THREADING_LAYER == "default":  # type: ignore[attr-defined]
    # Two threads may read out at once, and the layer must bear it. Set before the first parallel kernel.
    numba.config.THREADING_LAYER = "threadsafe"  # type: ignore[attr-defined]

from adc.ahead import KeysAhead
from adc.column_converter import ColumnConverter, ColumnFigures
from adc.converter import Converter
from adc.counter import EPOCH_FRAMES, CounterStore, CounterStoreError
from adc.derivation import epoch_secret
from adc.frame import FrameError, FrameHeader, RawFrame, TagError
from adc.frame_key import FrameKey
from adc.geometry import BAYER_NAMES, CFA_NAMES, Geometry
from adc.keys import KeySchedule, LayerOrders
from adc.names import DEFAULT_CLIENT
from adc.orders import block_order, full_order, invert_order, raster_order, row_column_order
from adc.policy import PAPER, POLICIES, RASTER, SECURE, ReadoutPolicy
from adc.readout import Exposure, SeededExposure, readout
from adc.row_noise import READOUT_MODES, ReadoutMode, RowNoise
from adc.static_transfer import StaticSpread, StaticTransfer
from adc.timing import LineTiming, ReadoutTiming

__all__ = [
    "BAYER_NAMES",
    "CFA_NAMES",
    "DEFAULT_CLIENT",
    "EPOCH_FRAMES",
    "PAPER",
    "POLICIES",
    "RASTER",
    "READOUT_MODES",
    "SECURE",
    "ColumnConverter",
    "ColumnFigures",
    "Converter",
    "CounterStore",
    "CounterStoreError",
    "Exposure",
    "FrameError",
    "FrameHeader",
    "FrameKey",
    "Geometry",
    "KeySchedule",
    "KeysAhead",
    "LayerOrders",
    "LineTiming",
    "RawFrame",
    "ReadoutMode",
    "ReadoutPolicy",
    "ReadoutTiming",
    "RowNoise",
    "SeededExposure",
    "StaticSpread",
    "StaticTransfer",
    "TagError",
    "block_order",
    "epoch_secret",
    "full_order",
    "invert_order",
    "raster_order",
    "readout",
    "row_column_order",
]
