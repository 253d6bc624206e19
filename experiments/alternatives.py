"""The tables of docs/alternatives.md: `python -m experiments.alternatives` measures our figures and writes all into the page.

Ours are the line of ResNet-20 that `keycam bench inference` prints and the line of 1080p that `keycam bench keys` prints; run it
on a machine that does nothing else.
"""

from pathlib import Path

from benchmarks.inference import CASES, InferenceRow, bench_inference
from benchmarks.keys import KeyRow, bench_keys
from experiments.cited_costs import cited_table
from experiments.provenance import commit, hardware
from experiments.schemes import put_in

PAGE = Path(__file__).parents[1] / "docs" / "alternatives.md"
NETWORK = "resnet20"
FRAME = (1080, 1920)
REPEATS = 9


def ours_table(inference: InferenceRow, key: KeyRow, measured_on: str) -> str:
    """What the same network costs with keycam, in Markdown; `measured_on` names machine and commit."""
    pictures = inference["batch"]

    def each(ms: float) -> str:
        return f"{ms / pictures:.2f} ms a picture"

    keyed = f"{each(inference['input_ms'])}; {each(inference['every_layer_ms'])}"
    ratios = f"{inference['input_ratio']:.2f}; {inference['every_layer_ratio']:.2f} times the optimised plain network's time"
    aes_gcm = f"{key['aes_gcm_ms']:.1f} ms for AES-256-GCM of that frame"
    rows = [
        (f"ResNet-20, 32x32, {pictures} pictures at once, plain: as users run it; optimised alike",
         f"{each(inference['plain_ms'])}; {each(inference['plain_optimised_ms'])}", "keycam bench inference"),
        ("the same, keyed: orders undone at the first layer; every layer in a secret order", f"{keyed}; {ratios}",
         "keycam bench inference"),
        ("peak memory of the second over the plain network's", f"{inference['peak_memory_ratio']:.2f} times",
         "keycam bench inference"),
        ("fresh order and mask of a 1080p frame, on one core", f"{key['key_ms']:.1f} ms, beside {aes_gcm}", "keycam bench keys"),
    ]  # fmt: skip
    lines = ["| what | cost | command |", "|---|---|---|"]
    lines += [f"| {what} | {cost} | `{command}` |" for what, cost, command in rows]
    return "\n".join(lines) + f"\n\nMeasured on: {measured_on}; medians of {REPEATS} turns."


def page(text: str, ours: str) -> str:
    """The page with both tables."""
    return put_in(put_in(text, "cited", cited_table()), "ours", ours)


def main() -> None:
    """Measure, and write the page."""
    began_at = commit()
    (inference,) = bench_inference([case for case in CASES if case.name == NETWORK], REPEATS)
    (key,) = (row for row in bench_keys([FRAME], REPEATS) if row["order"] == "full" and row["mask"])
    ours = ours_table(inference, key, f"{hardware()}, commit {began_at[:12]}")
    PAGE.write_text(page(PAGE.read_text(), ours))
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
