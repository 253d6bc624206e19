"""The page of alternatives: it quotes what is kept as quoted, and its own figures come from the benchmarks."""

import re
from dataclasses import fields

from benchmarks.inference import CASES, InferenceRow
from benchmarks.keys import KeyRow
from experiments.alternatives import NETWORK, PAGE, ours_table, page
from experiments.cited_costs import CITED, NOT_FOUND, cited_table

INFERENCE = InferenceRow(
    name="resnet20", batch=128, height=32, width=32, plain_ms=256.0, plain_optimised_ms=128.0, input_ms=131.2,
    every_layer_ms=144.0, reference_ms=None, copies_ms=1.0, table_build_ms=1.0, peak_memory_ratio=1.05, input_ratio=1.025,
    every_layer_ratio=1.125,
)  # fmt: skip
KEY = KeyRow(order="full", mask=True, height=1080, width=1920, bits=12, key_ms=9.5, aes_gcm_ms=1.0, ratio_to_aes_gcm=9.5)


def test_the_page_holds_the_quotations_as_they_are_kept() -> None:
    text = PAGE.read_text()
    assert cited_table() in text
    assert "**They protect against the party that computes; keycam does not.**" in text
    assert f"`python -m {page.__module__}`" in text


def test_every_quotation_has_a_source_with_its_year_and_nothing_empty() -> None:
    for cost in CITED:
        assert re.search(r"20\d\d", cost.source)
        assert all(getattr(cost, one.name) for one in fields(cost))
        # An entry without any figure says what there is in its place.
        if {cost.time, cost.traffic, cost.memory, cost.accuracy} == {NOT_FOUND}:
            assert "ratios" in cost.source


def test_our_figures_are_those_of_the_benchmarks_for_one_picture() -> None:
    assert NETWORK in {case.name for case in CASES}
    table = ours_table(INFERENCE, KEY, "an abacus")
    assert "| 2.00 ms a picture; 1.00 ms a picture |" in table  # 256 and 128 ms over 128 pictures
    assert "1.02 ms a picture; 1.12 ms a picture; 1.02; 1.12 times" in table
    assert "9.5 ms, beside 1.0 ms for AES-256-GCM" in table
    assert "Measured on: an abacus" in table


def test_only_what_is_between_the_marks_is_written_anew() -> None:
    before = "top\n<!-- cited -->\nold\n<!-- end of cited -->\nmiddle\n<!-- ours -->\nold\n<!-- end of ours -->\nend\n"
    after = page(before, "new figures")
    assert after.startswith("top\n<!-- cited -->\n\n| system |")
    assert after.endswith("<!-- end of cited -->\nmiddle\n<!-- ours -->\n\nnew figures\n\n<!-- end of ours -->\nend\n")
    assert "old" not in after
