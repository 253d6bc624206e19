"""docs/threat-model.md: its table has every policy, and says that a mask leaves nothing and that without one something shows."""

import itertools
from pathlib import Path

from experiments.threat_model import PAGE, arguments, policies, table
from keycam.audit.plan import AuditPlan

SHARES = slice(3, 10)


def rows() -> list[list[str]]:
    text = PAGE.read_text().split("<!-- policies -->")[1].split("<!-- end of policies -->")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]


def test_every_policy_is_one_that_can_be_audited() -> None:
    every = policies()
    assert len(set(every)) == len(every) == 14
    for order, refresh, mask in every:
        AuditPlan(order=order, refresh=refresh, mask=mask)
        line = arguments((order, refresh, mask), Path("data"))
        assert line[1:6] == ["--order", order, "--refresh", refresh, "--mask" if mask else "--no-mask"]


def test_the_page_has_every_policy_and_only_masks_leave_nothing() -> None:
    found = rows()
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
        "chosen_plaintext": section(key_entries_recovered=1.0), "single_frame": {"block": section(ssim=0.9)},
        "histogram": section(recaptured_found=0.0001, classifier_accuracy=0.44),
    }  # fmt: skip
    kinds = itertools.product(("full", "block"), [("static", False)])
    first, second = table([((order, *rest), result) for order, rest in kinds]).splitlines()[2:]
    assert first == (
        "| full (`paper`) | the epoch | no | **31.0%** | 0.30 | 20.0% | **100.0%** | 0.0% | **44.0%** | - |"
    )  # fmt: skip
    assert second.endswith("| **0.90** |")
