"""`keycam audit --scheme`: the peers' schemes under the same attacks, told by a process that has frames and no key."""

import numpy as np
import pytest

from keycam.audit.attacking import Attacker
from keycam.audit.case import Arrays
from keycam.audit.plan import AuditPlan
from keycam.audit.schemes.run import SchemeAuditPlan, run_scheme_audit
from privacy.schemes import SCHEMES

SECTIONS = (
    "ciphertext_only", "known_plaintext", "chosen_plaintext", "histogram", "single_frame", "feature_maps", "tables",
    "partial_key",
)  # fmt: skip
SMALL = {"frames": 30, "size": (16, 24)}


GRANTED = {
    "map_from_frames": {"sent", "scheme"}, "pictures_in_place": {"sent", "scheme"}, "map_from_chosen": {"sent", "scheme"},
    "map_from_scenes": {"scenes", "sent", "scheme"}, "scheme_identification": {"sent", "earlier", "scheme"},
    "keyed_layers": {"keyed", "plain"},
}  # fmt: skip
"""What each attack may have: what travels, what is public, and what its name says."""


@pytest.fixture(scope="module")
def audit() -> dict:
    """Of all schemes, on a large frame that is not so large, with what the attacker was handed."""
    handed: dict[str, set[str]] = {}
    tries = Attacker.tries

    def noted(attacker: Attacker, attack: str, given: Arrays) -> Arrays:
        handed.setdefault(attack, set()).update(given)
        return tries(attacker, attack, given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keycam.audit.schemes.single_frame.SIZE_PX", (48, 64))
        patch.setattr(Attacker, "tries", noted)
        return {**run_scheme_audit(SchemeAuditPlan("all", AuditPlan(**SMALL))), "handed": handed}


@pytest.mark.slow
def test_the_attacker_is_handed_what_travels_and_what_its_attack_is_granted(audit: dict) -> None:
    assert audit["handed"] == GRANTED


@pytest.mark.slow
def test_every_scheme_has_every_section_with_figures_or_a_reason(audit: dict) -> None:
    assert list(audit["schemes"]) == list(SCHEMES)
    for sections in audit["schemes"].values():
        assert tuple(sections) == SECTIONS
        for section in sections.values():
            assert {"applies", "frames", "chance", "chance_limit", "seed"} <= set(section)
            figures = {name for name, value in section.items() if isinstance(value, float)}
            assert bool(figures) == section["applies"]
            assert section["applies"] or section["says"].startswith("does not apply, because ")
            assert set(section["chance"]) <= figures
            assert np.isfinite([section[name] for name in figures]).all()


@pytest.mark.slow
def test_static_keys_fall_to_known_and_chosen_scenes_and_keys_for_each_image_do_not(audit: dict) -> None:
    for name, sections in audit["schemes"].items():
        known, chosen = sections["known_plaintext"], sections["chosen_plaintext"]
        if name == "keycam-raster":
            assert not known["applies"]
            assert not chosen["applies"]
        elif name in ("pixel-based", "keycam-secure", "aes-256-gcm"):
            for section in (known, chosen):
                assert section["key_entries_recovered"] <= section["chance_limit"]["key_entries_recovered"]
            assert known["frames_to_break"] is None
        else:
            assert known["frames_to_break"] <= 13
            assert chosen["key_entries_recovered"] == 1
            assert chosen["ssim"] == 1


@pytest.mark.slow
def test_what_travels_in_clear_is_there_and_what_is_encrypted_is_not(audit: dict) -> None:
    found = {name: sections["ciphertext_only"] for name, sections in audit["schemes"].items()}
    assert found["keycam-raster"]["ssim"] == found["keycam-raster"]["scrambled_ssim"] == 1
    assert found["pixel-based-static"]["ssim"] > 0.9
    assert found["pixel-based"]["frames"] == 1
    for name in ("keycam-secure", "aes-256-gcm"):
        assert found[name]["ssim"] <= found[name]["chance_limit"]["ssim"]
        assert found[name]["key_entries_recovered"] <= found[name]["chance_limit"]["key_entries_recovered"]
    seen_again = {name: sections["histogram"]["recaptured_found"] for name, sections in audit["schemes"].items()}
    limit = audit["schemes"]["le"]["histogram"]["chance_limit"]["recaptured_found"]
    assert all((share <= limit) == (name in ("keycam-secure", "aes-256-gcm")) for name, share in seen_again.items()), seen_again


@pytest.mark.slow
def test_a_keyed_layer_is_the_key_and_feature_maps_need_classes(audit: dict) -> None:
    tables = {name: sections["tables"] for name, sections in audit["schemes"].items()}
    assert {name for name, section in tables.items() if section["applies"]} == {"key-nets"}
    assert tables["key-nets"]["key_entries_recovered"] == 1
    assert not any(sections["feature_maps"]["applies"] for sections in audit["schemes"].values())


def test_one_scheme_as_a_table(command) -> None:
    run = command("audit", "--scheme", "keycam-paper", "--frames", 4, "--size", "8x8")
    assert run.code == 0, run.err
    assert "photographs: 4 frames of 8x8" in run.out
    for says in ("ciphertext only", "frames to 99 % of the key", "tables, keycam-paper: does not apply, because"):
        assert says in run.out


@pytest.mark.slow
def test_keys_give_intervals(command) -> None:
    result = command("audit", "--scheme", "keycam-paper", "--frames", 4, "--size", "8x8", "--keys", 2, "--json").json()
    section = result["schemes"]["keycam-paper"]["chosen_plaintext"]
    assert section["over_keys"]["keys"] == 2
    assert section["over_keys"]["figures"]["key_entries_recovered"]["each"] == [1, 1]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--scheme nonsense", "scheme = 'nonsense': allowed is all, le, ele, etc"),
        ("--scheme le --policy paper", "policy = paper: allowed is none with --scheme"),
        ("--scheme le --order block", "order = block: allowed is none with --scheme"),
        ("--scheme le --no-mask", "mask = False: allowed is none with --scheme"),
        ("--scheme le --sweep", "sweep = True: allowed is none with --scheme"),
        ("--scheme le --out somewhere", "out = somewhere: allowed is none with --scheme"),
        ("--scheme all --size 18x24", "shape = 18x24: the scheme cannot take it; allowed is two sides of whole multiples of 4"),
        ("--scheme le --source cifar10", "data: none is given; allowed is the folder of CIFAR-10"),
    ],
)
def test_refusals(command, line: str, says: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = command("audit", *line.split())
    assert run.code == 2
    assert says in run.err
    assert len(run.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())
