"""A correction file that cannot be opened is refused for that, however its path was given."""

from pathlib import Path

import pytest

from calibration.correction_file import CorrectionsError, load_corrections


@pytest.mark.parametrize("kind", [Path, str])
def test_a_file_that_cannot_be_opened_is_refused_for_that_and_nothing_else(tmp_path: Path, kind: type) -> None:
    file = kind(tmp_path / "none.toml")
    with pytest.raises(CorrectionsError) as refused:
        load_corrections(file)
    trouble = "it cannot be opened (No such file or directory); allowed is a readable file"
    assert str(refused.value) == f"corrections = {file}: {trouble}"
