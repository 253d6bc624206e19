"""`keycam infer`: one picture, the same answers under every policy, and no frame key twice."""

import itertools
from pathlib import Path

import pytest

from adc import EPOCH_FRAMES, CounterStore
from adc.counter import _written
from keycam import key_guard


@pytest.fixture
def key(command, tmp_path: Path) -> Path:
    file = tmp_path / "device.key"
    assert command("keys", "new", file).code == 0
    return file


def counter_of(key: Path) -> Path:
    (file,) = key.parent.glob("*.counter")
    assert file.name.endswith(".host.0.counter")
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
    with CounterStore(counter_of(key), reserve=1) as store:
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
    counter_of(key).write_bytes(content)
    run = command("infer", picture, "--key", key)
    assert run.code == 3
    assert run.out == ""
    assert run.err.startswith(f"keycam: key = {key}: its frame counter cannot be kept (")
    assert "damaged" in run.err
    assert run.err.count("\n") == 1


def test_a_counter_file_in_use_is_refused(command, picture: Path, key: Path) -> None:
    assert command("infer", picture, "--key", key).code == 0
    with CounterStore(counter_of(key)):
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


def test_a_sealed_key_sees_what_the_plain_one_does_and_shares_its_counter(
    command, picture: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_guard, "LOG2_N", 10)
    passphrase, sealed = tmp_path / "passphrase", tmp_path / "device.sealed"
    passphrase.write_text("correct horse\n")
    assert command("keys", "seal", key, sealed, "--passphrase-file", passphrase).code == 0
    plain = command("infer", picture, "--key", key, "--json").json()
    guarded = command("infer", picture, "--key", sealed, "--passphrase-file", passphrase, "--json").json()
    monkeypatch.setenv("KEYCAM_PASSPHRASE_FILE", str(passphrase))
    by_environment = command("infer", picture, "--key", sealed, "--json").json()
    assert plain["key"] == guarded["key"] == by_environment["key"]
    assert plain["counter"] < guarded["counter"] < by_environment["counter"]
    assert [answer["class"] for answer in plain["answers"]] == [answer["class"] for answer in guarded["answers"]]


def test_a_new_epoch_counts_from_zero_and_one_with_two_clients_says_whose_frame_it_is(command, picture: Path, key: Path) -> None:
    assert command("infer", picture, "--key", key).code == 0
    assert command("keys", "rotate", key).code == 0
    assert command("infer", picture, "--key", key, "--json").json()["counter"] == 0
    assert command("keys", "admit", key, "--client", "lab").code == 0
    assert command("infer", picture, "--key", key, "--client", "lab", "--json").json()["counter"] == 0
    assert command("infer", picture, "--key", key).err.startswith(
        "keycam: client: this key has 2 active ones; allowed is host, lab"
    )


def test_the_key_of_a_client_makes_no_frames(command, picture: Path, key: Path, tmp_path: Path) -> None:
    assert command("keys", "open", key, tmp_path / "client.key", "--client", "host").code == 0
    run = command("infer", picture, "--key", tmp_path / "client.key")
    assert run.code == 3
    assert run.err.startswith(f"keycam: key = {tmp_path / 'client.key'}: it is a client's, which reads the camera's frames")


def test_the_end_of_an_epoch_is_told_ahead_and_kept(command, picture: Path, key: Path) -> None:
    assert command("infer", picture, "--key", key).code == 0
    assert len(list(key.parent.glob("*.counter"))) == 1
    counter_of(key).write_bytes(_written(EPOCH_FRAMES - 2))  # the camera takes a counter ahead
    last = command("infer", picture, "--key", key)
    assert last.code == 0
    assert last.err == f"keycam: key {key}: 2 frames are left in this epoch: begin the next with 'keycam keys rotate'\n"
    ended = command("infer", picture, "--key", key)
    assert ended.code == 3
    assert "has issued all 2**48 counters of its epoch: begin a new epoch" in ended.err
    assert command("keys", "rotate", key).code == 0
    assert command("infer", picture, "--key", key, "--json").json()["counter"] == 0
