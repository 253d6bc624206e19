"""Correction profiles in files: maps as safetensors, and beside them a TOML file that says whose they are."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from safetensors import SafetensorError
from safetensors.numpy import load, save

from adc import Geometry
from calibration.bench import CameraIdentity
from calibration.correction_profile import CorrectionProfile

FORMAT, VERSION = "keycam-corrections", 1
MAPS = ("offset_dn", "rate_dn_per_s", "column_offset_dn", "column_gain", "gain", "linearity", "defects")
_FIELDS = ("device", "height", "width", "bits", "cfa", "analog_gain", "black_level_dn", "temperature_k", "maps", "sha256")


class CorrectionsError(ValueError):
    """A correction profile cannot be read: one sentence that names file, field, value and what is allowed."""


def correction_files(profile: CorrectionProfile, name: str) -> dict[str, bytes]:
    """The two files of a profile by their names, NAME.toml and NAME.safetensors."""
    maps = save({key: np.ascontiguousarray(getattr(profile, key)) for key in MAPS})
    camera, geometry = profile.camera, profile.camera.geometry
    said: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "device": camera.device,
        "height": geometry.height,
        "width": geometry.width,
        "bits": geometry.bits,
        "cfa": geometry.cfa,
        "analog_gain": camera.analog_gain,
        "black_level_dn": camera.black_level_dn,
        "temperature_k": profile.temperature_k,
        "maps": f"{name}.safetensors",
        "sha256": hashlib.sha256(maps).hexdigest(),
    }
    if profile.doubling_k is not None:
        said["doubling_k"] = profile.doubling_k
    return {f"{name}.toml": tomli_w.dumps(said).encode(), f"{name}.safetensors": maps}


def load_corrections(file: Path) -> CorrectionProfile:
    """The profile of a TOML file and the maps beside it.

    Raises CorrectionsError where a file is missing or damaged, of another format or version, or the maps are not those that
    the TOML file was written with.
    """
    said = _said(file)
    maps_file = file.parent / Path(said["maps"]).name
    written = _read(maps_file)
    if hashlib.sha256(written).hexdigest() != said["sha256"]:
        raise CorrectionsError(
            f"corrections = {maps_file}: these are not the maps that {file.name} was written with; allowed are those"
        )
    try:
        maps = load(written)
        geometry = Geometry(said["height"], said["width"], said["bits"], said["cfa"])
        identity = CameraIdentity(said["device"], geometry, said["analog_gain"], said["black_level_dn"])
        return CorrectionProfile(identity, said["temperature_k"], said.get("doubling_k"), **{key: maps[key] for key in MAPS})
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CorrectionsError(f"corrections = {file}: {error}; allowed is a profile as keycam calibrate writes it") from error


def _said(file: Path) -> dict[str, Any]:
    try:
        said = tomllib.loads(_read(file).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CorrectionsError(f"corrections = {file}: this is not TOML ({error}); allowed is a correction profile") from error
    if (said.get("format"), said.get("version")) != (FORMAT, VERSION):
        given = f"{said.get('format')!r}, version {said.get('version')!r}"
        raise CorrectionsError(f"corrections = {file}: format = {given}; allowed is {FORMAT!r}, version {VERSION}")
    missing = [name for name in _FIELDS if name not in said]
    if missing:
        raise CorrectionsError(f"corrections = {file}: {missing[0]} = nothing, the field is missing; allowed is a value for it")
    return said


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        trouble = error.strerror or error
        raise CorrectionsError(f"corrections = {file}: it cannot be opened ({trouble}); allowed is a readable file") from error
