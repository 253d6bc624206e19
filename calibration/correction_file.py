"""Correction profiles in files: maps as safetensors, and beside them a TOML file that says whose they are."""

import hashlib
import json
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

FORMAT, VERSION = "keycam-corrections", 2
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
    }
    if profile.doubling_k is not None:
        said["doubling_k"] = profile.doubling_k
    said["sha256"] = _digest(said, maps)
    return {f"{name}.toml": tomli_w.dumps(said).encode(), f"{name}.safetensors": maps}


def load_corrections(file: Path | str) -> CorrectionProfile:
    """The profile of a TOML file and the maps beside it.

    Raises CorrectionsError where a file is missing or damaged, of another format or version, holds a value that is not allowed,
    or the figures and maps are not those that were written together.
    """
    file = Path(file)
    said = _said(file)
    maps_file = file.parent / Path(said["maps"]).name
    written = _read(maps_file)
    try:
        geometry = Geometry(said["height"], said["width"], said["bits"], said["cfa"])
        identity = CameraIdentity(said["device"], geometry, said["analog_gain"], said["black_level_dn"])
        maps = load(written)
        missing = [name for name in MAPS if name not in maps]
        if missing:
            raise ValueError(f"maps = {maps_file.name}, without {missing[0]}: allowed is {', '.join(MAPS)}")
        profile = CorrectionProfile(
            identity, said["temperature_k"], said.get("doubling_k"), **{name: maps[name] for name in MAPS}
        )
    except ValueError as error:
        raise CorrectionsError(f"corrections = {file}: {error}") from error
    except (SafetensorError, KeyError, TypeError) as error:
        raise CorrectionsError(f"corrections = {maps_file}: this is no safetensors file ({error}); allowed is one") from error
    if _digest(said, written) != said["sha256"]:
        raise CorrectionsError(
            f"corrections = {file}: sha256 = {said['sha256'][:16]}... is not that of these figures and maps; allowed are both "
            "files as keycam calibrate wrote them"
        )
    return profile


def _digest(said: dict[str, Any], maps: bytes) -> str:
    """SHA-256 over all fields but the name of the maps, which may be renamed, and then over the maps, in hexadecimal."""
    covered = {name: value for name, value in said.items() if name not in ("maps", "sha256")}
    fields = json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(len(fields).to_bytes(8, "big") + fields + maps).hexdigest()


def _said(file: Path) -> dict[str, Any]:
    written = _read(file)
    try:
        said = tomllib.loads(written.decode())
    except (ValueError, RecursionError) as error:
        raise CorrectionsError(f"corrections = {file}: this is not TOML ({error}); allowed is a correction profile") from error
    if (said.get("format"), said.get("version")) != (FORMAT, VERSION) or type(said["version"]) is not int:
        given = f"{said.get('format')!r}, version {said.get('version')!r}"
        raise CorrectionsError(f"corrections = {file}: format = {given}; allowed is {FORMAT!r}, version {VERSION}")
    missing = [name for name in _FIELDS if name not in said]
    if missing:
        raise CorrectionsError(f"corrections = {file}: {missing[0]} = nothing, the field is missing; allowed is a value for it")
    unknown = [name for name in said if name not in (*_FIELDS, "format", "version", "doubling_k")]
    if unknown:
        raise CorrectionsError(f"corrections = {file}: {unknown[0][:40]!r} is an unknown field; allowed is {', '.join(_FIELDS)}")
    for name in ("maps", "sha256"):
        value = said[name]
        if not isinstance(value, str) or not value.isprintable() or not Path(value).name:
            allowed = "the name of a file beside it" if name == "maps" else "64 hexadecimal digits"
            raise CorrectionsError(f"corrections = {file}: {name} = {str(value)[:40]!r}: allowed is {allowed}")
    return said


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        trouble = error.strerror or error
        raise CorrectionsError(f"corrections = {file}: it cannot be opened ({trouble}); allowed is a readable file") from error
