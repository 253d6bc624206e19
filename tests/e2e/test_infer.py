"""`keycam infer`: one picture, the same answers under every policy, and no frame key twice."""

import itertools
from pathlib import Path

import pytest

from adc import CounterStore


@pytest.fixture
def key(command, tmp_path: Path) -> Path:
    file = tmp_path / "device.key"
    assert command("keys", "new", file).code == 0
    return file


def test_five_classes_come_with_probabilities_that_fall(command, picture: Path) -> None:
    result = command("infer", picture, "--json").json()
    probabilities = [answer["probability"] for answer in result["answers"]]
    assert len({answer["class"] for answer in result["answers"]}) == 5
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1 + 1e-5
    assert (result["model"], result["policy"], result["key"], result["counter"]) == ("resnet20", "secure", None, 0)


def test_the_raster_policy_gives_the_answers_of_the_secure_one(command, picture: Path) -> None:
    secure, raster = (command("infer", picture, "--policy", policy, "--json").json() for policy in ("secure", "raster"))
    assert [answer["class"] for answer in secure["answers"]] == [answer["class"] for answer in raster["answers"]]
    for ours, plain in zip(secure["answers"], raster["answers"], strict=True):
        assert ours["probability"] == pytest.approx(plain["probability"], abs=2e-5)


def test_with_a_key_file_the_counter_rises_from_call_to_call(command, picture: Path, key: Path) -> None:
    results = [command("infer", picture, "--key", key, "--json").json() for _ in range(4)]
    counters = [result["counter"] for result in results]
    assert all(earlier < later for earlier, later in itertools.pairwise(counters))
    assert len({result["key"] for result in results}) == 1


def test_a_counter_taken_for_a_frame_that_failed_is_not_taken_again(command, picture: Path, key: Path) -> None:
    before = command("infer", picture, "--key", key, "--json").json()["counter"]
    with CounterStore(key.with_name("device.key.counter"), reserve=1) as store:
        lost = store.issue()
    after = command("infer", picture, "--key", key, "--json").json()["counter"]
    assert before < lost < after


def test_the_key_is_named_by_the_fingerprint_that_it_was_made_with(command, picture: Path, tmp_path: Path) -> None:
    made = command("keys", "new", tmp_path / "other.key")
    result = command("infer", picture, "--key", tmp_path / "other.key", "--json").json()
    assert made.out == f"{tmp_path / 'other.key'}: key {result['key']}\n"


@pytest.mark.parametrize("content", [b"nonsense", b""])
def test_a_damaged_counter_file_is_refused(command, picture: Path, key: Path, content: bytes) -> None:
    assert command("infer", picture, "--key", key).code == 0
    key.with_name("device.key.counter").write_bytes(content)
    run = command("infer", picture, "--key", key)
    assert run.code == 3
    assert run.out == ""
    assert run.err.startswith(f"keycam: key = {key}: its frame counter cannot be kept (")
    assert "damaged" in run.err
    assert run.err.count("\n") == 1


def test_a_counter_file_in_use_is_refused(command, picture: Path, key: Path) -> None:
    with CounterStore(key.with_name("device.key.counter")):
        run = command("infer", picture, "--key", key)
    assert run.code == 3
    assert run.err.startswith(f"keycam: key = {key}: its frame counter cannot be kept (")
    assert "held by another camera" in run.err


def test_people_get_a_table(command, picture: Path) -> None:
    run = command("infer", picture)
    assert run.code == 0
    assert run.err == ""
    assert "probability" in run.out


def test_a_link_to_a_key_goes_on_with_the_counter_of_the_key(command, picture: Path, key: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.key"
    link.symlink_to(key)
    counters = [command("infer", picture, "--key", file, "--json").json()["counter"] for file in (key, link)]
    assert counters[1] > counters[0]
