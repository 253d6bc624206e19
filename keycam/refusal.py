"""What went wrong, in one sentence for people and one exit code for programs."""

from typing import Any

import typer
from typer.exceptions import TyperException

from keycam.atomic_file import OutputError
from keycam.key import KeyFileError
from keycam.live.errors import PageError
from keycam.printable import printable

INCOMPLETE, BAD_ARGUMENT, BAD_FILE, INTERRUPTED = 1, 2, 3, 130
"""A part of the work failed; the line itself is wrong; what it names is missing, damaged or cannot be written; Ctrl-C."""


def say(sentence: str) -> None:
    """Say a sentence on standard error, on one line that no terminal obeys whatever the names in it hold."""
    typer.echo(f"keycam: {printable(' '.join(sentence.splitlines()))}", err=True)


def refusal(error: Exception) -> tuple[str, int]:
    """The sentence and the exit code for `error`. Raises it again where it is not the user's but a defect of keycam."""
    if isinstance(error, TyperException):
        return _usage(error), BAD_ARGUMENT
    if isinstance(error, OutputError | KeyFileError | PageError):
        return str(error), BAD_FILE
    if type(error) is ValueError:
        return str(error), BAD_ARGUMENT
    # Imported here, so that a mistyped option is answered at once.
    from calibration.bench import BenchError
    from calibration.correction_file import CorrectionsError
    from firmware_model.flash import FlashError
    from firmware_model.side_door import SideDoorError
    from hil.infrastructure import InfrastructureError
    from inference.datasets import DataError
    from inference.recording.errors import RecordingError
    from keycam.batch.errors import ClusterError, WorkersNotStarted
    from keycam.calibration_files import CalibrationError
    from keycam.camera_process import CameraNotStarted
    from link.host.failures import LinkFailure
    from link.transport.transport import LinkLost, LinkTimeout, PortError
    from sensor_sim.profile_file import ProfileError
    from sensor_sim.scene.errors import SceneError

    of_sources = (SceneError, DataError, ProfileError, RecordingError, PortError, LinkLost, LinkTimeout)
    of_calibrations = (BenchError, CorrectionsError, CalibrationError)
    of_devices = (FlashError, SideDoorError, CameraNotStarted, LinkFailure, InfrastructureError)
    of_applications = (ClusterError, WorkersNotStarted)
    if isinstance(error, of_sources + of_calibrations + of_devices + of_applications):
        return str(error), BAD_FILE
    if isinstance(error, OSError):
        trouble = error.strerror or str(error) or type(error).__name__
        named = f"file = {error.filename}: " if error.filename else ""
        return f"{named}{trouble}; allowed is a file or folder that can be used", BAD_FILE
    if isinstance(error, ValueError):
        return str(error), BAD_ARGUMENT
    raise error


def _usage(error: TyperException) -> str:
    """Typer's refusal as "field = value: what is allowed", as far as it says which field and value."""
    context = getattr(error, "ctx", None)
    see = f"see '{context.command_path} --help'" if context is not None else "see 'keycam --help'"
    name = getattr(getattr(error, "param", None), "name", None)
    cause: Any = error.__cause__
    if name is not None and hasattr(cause, "errors"):  # pydantic's, which knows the value; it is costly to import
        return _bad_value(name, cause.errors()[0])
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        known = [opt for param in context.command.params for opt in param.opts if opt.startswith("--")] if context else []
        return f"option = {option}: there is none of this name; allowed is {', '.join(known) or see}"
    commands = getattr(context.command, "commands", None) if context is not None else None
    allowed = f"allowed is {', '.join(commands)}" if commands else see
    return f"{error.format_message().strip().rstrip('.')}; {allowed}"


def _bad_value(name: str, details: dict[str, Any]) -> str:
    limits = details.get("ctx", {})
    if "ge" in limits:
        allowed = f"{limits['ge']} or more"
    elif "le" in limits:
        allowed = f"up to {limits['le']}"
    elif str(details["type"]).startswith("int_"):
        allowed = "a whole number"
    else:
        allowed = str(details["msg"])
    shown = details["input"] if limits else repr(details["input"])
    return f"{name} = {shown}: allowed is {allowed}"
