"""What goes wrong has an exit code by whose trouble it is: the line's, a file's, or keycam's own."""

import pytest

from inference.datasets import DataError
from inference.models.registry import WeightsError
from inference.training import CheckpointError
from keycam.atomic_file import OutputError
from keycam.key import KeyFileError
from keycam.refusal import BAD_ARGUMENT, BAD_FILE, refusal
from link.transport import LinkLost, LinkTimeout, PortError
from sensor_sim.scene import SceneError

OF_FILES = [OutputError, KeyFileError, SceneError, DataError, WeightsError, CheckpointError]


@pytest.mark.parametrize("kind", [*OF_FILES, PortError, LinkLost, LinkTimeout])
def test_trouble_with_what_the_line_names_is_told_as_it_is(kind: type[Exception]) -> None:
    assert refusal(kind("field = value: allowed is another")) == ("field = value: allowed is another", BAD_FILE)


def test_a_value_that_is_not_allowed_is_the_line_s_fault() -> None:
    assert refusal(ValueError("field = value: allowed is another")) == ("field = value: allowed is another", BAD_ARGUMENT)


def test_an_error_of_the_system_names_the_file_where_there_is_one() -> None:
    sentence, code = refusal(FileNotFoundError(2, "No such file or directory", "a.txt"))
    assert sentence.startswith("file = a.txt: No such file or directory; allowed is ")
    assert code == BAD_FILE
    assert refusal(OSError(28, "No space left on device"))[0].startswith("No space left on device; allowed is ")


@pytest.mark.parametrize("kind", [RuntimeError, TypeError, KeyError, AssertionError])
def test_a_defect_is_raised_again(kind: type[Exception]) -> None:
    error = kind("a defect")
    with pytest.raises(kind) as raised:
        refusal(error)
    assert raised.value is error
