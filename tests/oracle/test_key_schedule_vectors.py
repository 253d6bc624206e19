"""The committed vectors against a second implementation that was written from docs/key-schedule.md alone, and against adc."""

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from experiments.key_vectors import text
from tests.oracle import key_schedule_page as page

FILE = Path(__file__).parents[1] / "vectors" / "key_schedule.json"
VECTORS = json.loads(FILE.read_text("utf-8"))
MASTER = bytes.fromhex(VECTORS["master"])
FRAMES = VECTORS["frames"]


def shown(numbers: list[int], word: str) -> Any:
    """A list as the vectors give it: whole, or by length, beginning and SHA-256 of its little-endian words."""
    if len(numbers) <= 160:
        return numbers
    digest = hashlib.sha256(struct.pack(f"<{len(numbers)}{word}", *numbers)).hexdigest()
    return {"length": len(numbers), "first_16": numbers[:16], "sha256": digest}


def secret_of(vector: dict) -> bytes:
    return page.epoch_secret(MASTER, vector["device"], vector["client"], vector["epoch"])


def test_the_committed_vectors_are_what_adc_makes_today() -> None:
    assert FILE.read_text("utf-8") == text()


def test_the_pages_own_ciphers_are_those_of_rfc_8439() -> None:
    # Section 2.3.2 and section 2.5.2.
    nonce = bytes.fromhex("000000090000004a00000000")
    block = page.chacha20_block(bytes(range(32)), 1, nonce)
    assert block.hex().startswith("10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e")
    key = bytes.fromhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")
    assert page.poly1305(key, b"Cryptographic Forum Research Group").hex() == "a8061dc1305136c6c22b8baf0c0127a9"


@pytest.mark.parametrize("vector", VECTORS["epoch_secrets"], ids=lambda vector: f"{vector['client']} {vector['epoch']}")
def test_epoch_secrets(vector: dict) -> None:
    assert secret_of(vector).hex() == vector["secret"]


def test_epoch_secrets_differ_in_every_name() -> None:
    assert len({vector["secret"] for vector in VECTORS["epoch_secrets"]}) == len(VECTORS["epoch_secrets"]) == 4


@pytest.mark.parametrize("vector", VECTORS["keystreams"], ids=lambda vector: str(vector["nonce"]))
def test_keystreams(vector: dict) -> None:
    assert page.Stream(bytes.fromhex(vector["key"]), vector["nonce"]).octets(64).hex() == vector["first_64"]


@pytest.mark.parametrize("vector", VECTORS["shuffles"], ids=lambda vector: str(vector["positions"]))
def test_shuffles(vector: dict) -> None:
    stream = page.Stream(bytes.fromhex(vector["key"]), vector["nonce"])
    assert shown(page.shuffle(stream, vector["positions"]), "I") == vector["order"]


def test_a_bucket_of_single_draws() -> None:
    vector = VECTORS["permuted_bucket_of_65537"]
    stream = page.Stream(bytes.fromhex(vector["key"]), vector["nonce"])
    assert shown(page.permuted(stream, list(range(65_537))), "I") == vector["order"]


@pytest.mark.parametrize(
    "frame", FRAMES, ids=lambda frame: f"{frame['policy']} {frame['height']}x{frame['width']} {frame['cfa']}"
)
def test_frames(frame: dict) -> None:
    secret = secret_of(frame)
    keys = {label: page.label_key(secret, label, frame) for label in ("order", "mask", "tag", "isp")}
    keys["layer"] = page.layer_key(secret, frame, frame["epoch"])
    assert {label: key.hex() for label, key in keys.items()} == frame["label_keys"]
    named = {"isp 48": page.named_key(keys["isp"], "isp", 48), "conv1 64": page.named_key(keys["layer"], "conv1", 64)}
    assert {name: key.hex() for name, key in named.items()} == frame["named_keys"]
    assert page.isp_order(secret, frame, 48) == frame["isp_order_48"]
    assert page.layer_order(secret, frame, frame["epoch"], "conv1", 64) == frame["layer_order_conv1_64"]
    assert page.layer_order(secret, frame, 9, "conv1", 64) == frame["layer_order_conv1_64_of_layer_epoch_9"]

    secrets = page.frame_secrets(secret, frame)
    assert shown(secrets["order"], "I") == frame["order"]
    assert (None if secrets["mask"] is None else shown(secrets["mask"], "H")) == frame["mask"]
    assert secrets["tag_key"].hex() == frame["tag_key"]
    channels = 3 if frame["cfa"] == "rgb" else 1
    codes = [40503 * i % 2 ** frame["bits"] for i in range(frame["height"] * frame["width"] * channels)]
    samples = page.emitted(frame, secrets, codes)
    assert shown(samples, "H") == frame["samples"]
    assert page.header(frame).hex() == frame["header"]
    assert page.tag(secrets["tag_key"], page.header(frame), samples).hex() == frame["tag"]


def test_the_vectors_meet_every_kind_of_frame() -> None:
    orders, refreshes, masks = (set(part) for part in zip(*(frame["policy"].split() for frame in FRAMES), strict=True))
    assert (orders, refreshes, masks) == (set(page.ORDERS), set(page.REFRESHES), {"mask", "no-mask"})
    assert {frame["cfa"] for frame in FRAMES} == set(page.CFAS)
    assert any(frame["height"] * frame["width"] >= 65536 for frame in FRAMES)
