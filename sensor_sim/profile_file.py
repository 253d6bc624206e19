"""Sensor profiles in TOML files: the figures of a data sheet, each beside its source."""

import difflib
import tomllib
import types
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from sensor_sim.profile import SensorProfile

FOLDER = Path(__file__).parent / "profiles"


class ProfileError(ValueError):
    """A profile cannot be taken: the message is one sentence that names file, field, value and what is allowed."""


def profile_names() -> list[str]:
    """The names of the profiles that come with the package, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_profile(name_or_path: str | Path) -> SensorProfile:
    """The profile of a name of `profile_names`, or of a TOML file, which has a suffix or a folder in its path.

    A file has a figure of `SensorProfile` on each line and a table for each of its effects. Raises ProfileError if there is no
    such profile, or the file is not TOML or holds a figure that is missing, unknown, of another type or out of range.
    """
    path = Path(name_or_path)
    if not path.suffix and path.parent == Path():
        if str(path) not in profile_names():
            raise ProfileError(f"profile = {name_or_path}: allowed is {', '.join(profile_names())}, or the path of a TOML file")
        path = FOLDER / f"{path}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"profile = {path}: it cannot be opened ({error.strerror}); allowed is a readable file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"profile = {path}: this is not TOML ({error}); allowed is a file of lines like bits = 12") from error
    profile: SensorProfile = _built(SensorProfile, table, path, "")
    return profile


def _built(kind: type, table: dict[str, Any], path: Path, group: str) -> Any:
    hints = get_type_hints(kind)
    for name, value in table.items():
        if name not in hints:
            likely = difflib.get_close_matches(name, hints, 1, 0.5)
            allowed = f"{group}{likely[0]} (the name says the unit)" if likely else ", ".join(hints)
            raise ProfileError(f"profile = {path}: {group}{name} = {value!r} is an unknown field; allowed is {allowed}")
    for field in fields(kind):
        if field.default is field.default_factory is MISSING and field.name not in table:
            raise ProfileError(
                f"profile = {path}: {group}{field.name} = nothing, the field is missing; allowed is a value for it"
            )
    values = {name: _value(hints[name], value, path, group + name) for name, value in table.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ProfileError(f"profile = {path}: {group}{error}") from error


def _value(hint: Any, value: Any, path: Path, name: str) -> Any:
    if isinstance(hint, types.UnionType):
        hint = get_args(hint)[0]
    if is_dataclass(hint):
        if not isinstance(value, dict):
            raise ProfileError(f"profile = {path}: {name} = {value!r}; allowed is a table [{name}] of its figures")
        return _built(hint, value, path, f"{name}.")  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ProfileError(f"profile = {path}: {name} = {value!r}; allowed is a list of {len(get_args(hint))} numbers")
        return tuple(_value(float, part, path, name) for part in value)
    kinds = {float: (int, float), int: (int,), bool: (bool,), str: (str,)}
    wanted = str if get_origin(hint) is Literal else hint
    if not isinstance(value, kinds[wanted]) or (isinstance(value, bool) and wanted is not bool):
        words = {float: "a number", int: "a whole number", bool: "true or false", str: "a text in quotation marks"}
        raise ProfileError(f"profile = {path}: {name} = {value!r}; allowed is {words[wanted]}")
    try:
        return float(value) if wanted is float else value
    except OverflowError:
        raise ProfileError(f"profile = {path}: {name} = {str(value)[:12]}...; allowed is a number below 1e308") from None
