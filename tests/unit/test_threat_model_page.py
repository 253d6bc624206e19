"""docs/threat-model.md: its tables have every policy and figure; a mask leaves nothing, and without one something shows."""

import itertools
import re

from experiments.threat_model import PAGE, audited, claims, policies, table
from keycam.audit.plan import AuditPlan

SHARES = slice(3, 9)


def rows(name: str) -> list[list[str]]:
    text = PAGE.read_text().split(f"<!-- {name} -->")[1].split(f"<!-- end of {name} -->")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]


def test_every_policy_is_one_that_can_be_audited() -> None:
    every = policies()
    assert len(set(every)) == len(every) == 14
    for order, refresh, mask in every:
        AuditPlan(order=order, refresh=refresh, mask=mask)
        line = audited((order, refresh, mask))
        assert line[1:6] == ["--order", order, "--refresh", refresh, "--mask" if mask else "--no-mask"]


def test_the_page_has_every_policy_and_only_masks_leave_nothing() -> None:
    found = rows("policies")
    assert [row[0].split(" ")[0] for row in found] == [order for order, _, _ in policies()]
    assert [row[2] for row in found] == ["yes" if mask else "no" for _, _, mask in policies()]
    for row in found:
        leaks = any("**" in cell for cell in row[SHARES])
        assert leaks == (row[2] == "no"), row


def test_what_guessing_does_not_reach_is_bold() -> None:
    def section(**figures: float) -> dict[str, object]:
        return {**figures, "chance_limit": dict.fromkeys(figures, 0.3)}

    result = {
        "ciphertext_only": section(key_entries_recovered=0.31, ssim=0.3), "known_plaintext": section(key_entries_recovered=0.2),
        "chosen_plaintext": section(next_frame_entries_recovered=1.0), "single_frame": {"block": section(ssim=0.9)},
        "histogram": section(recaptured_found=0.44),
    }  # fmt: skip
    kinds = itertools.product(("full", "block"), [("static", False)])
    first, second = table([((order, *rest), result) for order, rest in kinds]).splitlines()[2:]
    assert first == (
        "| full (`paper`) | the epoch | no | **31.0%** | 0.30 | 20.0% | **100.0%** | **44.0%** | - |"
    )  # fmt: skip
    assert second.endswith("| **0.90** |")


def test_every_claim_names_a_figure_that_is_there() -> None:
    figures = [row[0] for row in rows("figures")[1:]]
    assert figures == [f"F{number}" for number in range(1, 9)]
    prose = PAGE.read_text().split("<!-- figures -->")
    cited = set(re.findall(r"\bF\d+\b", prose[0] + prose[1].split("<!-- end of figures -->")[1]))
    assert cited == set(figures)


def test_what_the_commands_print_becomes_the_figures() -> None:
    entries = {"key_entries_recovered": 0.5, "chance": {"key_entries_recovered": 0.001}}
    audit = {
        "histogram": {"link_chi_square_per_dof": 1.02, "scene_chi_square_per_dof": 1313.1}, "known_plaintext": entries,
        "tables": {**entries, "key_entries_recovered": 1.0},
        "partial_key": {"ssim_by_share": {"0": 0.03, "0.5": 0.4, "0.9": 0.83}, "chance": {"ssim_by_share": 0.02}},
    }  # fmt: skip
    told = {"histogram": {"classifier_accuracy": 0.4, "chance": {"classifier_accuracy": 0.1}}}
    schemes = {
        "schemes": {"keycam-paper": told, "keycam-secure": {"feature_maps": {**entries, "frames": 100, "frames_to_break": 30}}}
    }
    sizes = ((480, 640, 9.0), (1080, 1920, 1.0))
    kinds = (("raster", True, 2.0), ("full", False, 7.0), ("full", True, 9.0))
    keys = [
        {"height": height, "width": width, "order": order, "mask": mask, "ratio_to_aes_gcm": ratio * times, "aes_gcm_ms": 0.4}
        for height, width, times in sizes
        for order, mask, ratio in kinds
    ]
    ratios = {"secure": 5.04, "raster": 1.0, "aes-256-gcm": 0.48}
    readout = [{"height": 1080, "width": 1920, "policy": policy, "ratio_to_raster": ratio} for policy, ratio in ratios.items()]
    lines = claims(audit, audit, schemes, {"rows": keys}, {"rows": readout}).splitlines()
    found = [line.strip("| ").split(" | ")[2] for line in lines[2:]]
    assert found == [
        "1.02; 1,313", "100.0%", "50.0%; 30", "50.0%", "40%", "0.03; 0.40; 0.83", "0.40 ms; 7.0; 9.0; 2.0", "5.0; 1.5",
    ]  # fmt: skip
    assert {line.count("|") for line in lines} == {6}
