"""`keycam audit`: what an eavesdropper finds under each policy, told by a process that has frames and no key."""

import ast
import base64
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from keycam.audit.plan import AuditPlan
from keycam.audit.report import write_report
from keycam.audit.run import run_audit

from .conftest import ENVIRONMENT

SECTIONS = ("ciphertext_only", "known_plaintext", "chosen_plaintext", "histogram", "single_frame", "tables", "partial_key")
HEAD = ("keycam", "source", "size_px", "policy", "keys", "seed")
SMALL = {"frames": 60, "size": (16, 24)}
FILES = {"report.html", "contact_sheet.png", "audit.json"}


@pytest.fixture(scope="module", autouse=True)
def small_still() -> Iterator[None]:
    """Attacks on a single large frame take most of an audit's time: here it is not so large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keycam.audit.footage.STILL_PX", (64, 96))
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    (folder / "paper").mkdir()
    (folder / "paper" / "notes.txt").write_text("mine")
    (folder / "paper" / "audit.json").write_text("of an earlier audit")
    return folder


@pytest.fixture(scope="module")
def audits(small_still: None, folder: Path) -> dict[str, dict]:
    """Of the paper's policy with a report, of the default one with two keys."""
    paper = run_audit(AuditPlan(**SMALL, policy="paper", sweep=True))
    assert write_report(paper, folder / "paper") == folder / "paper" / "report.html"
    return {"paper": paper.result, "secure": run_audit(AuditPlan(**SMALL, keys=2)).result}


def parts_of(result: dict) -> dict[str, dict]:
    single = {f"single_frame {name}": part for name, part in result["single_frame"].items()}
    return {**{name: result[name] for name in SECTIONS if name != "single_frame"}, **single}


def test_every_attack_has_its_figures_its_chance_and_its_seed(audits: dict[str, dict]) -> None:
    untold = {"wall_s", "cpu_s"}
    for result in audits.values():
        assert set(result) == {*HEAD, *SECTIONS}
        for part in (*parts_of(result).values(), *result["ciphertext_only"].get("sweep", ())):
            assert {"frames", "chance", "seed"} <= set(part)
            figures = {name for name, value in part.items() if isinstance(value, float) or name.endswith("_by_share")}
            assert figures and set(part["chance"]) == figures - untold


def test_several_keys_give_intervals_around_the_mean_of_each(audits: dict[str, dict]) -> None:
    assert all("over_keys" not in part for part in parts_of(audits["paper"]).values())
    for name, part in parts_of(audits["secure"]).items():
        over = part["over_keys"]
        assert (over["keys"], over["confidence"]) == (2, 0.95)
        figures = over["figures"]
        if name == "partial_key":
            figures = {f"{curve} {share}": at for curve, shares in figures.items() for share, at in shares.items()}
        for figure in figures.values():
            assert figure["mean"] == pytest.approx(np.mean(figure["each"]))
            # Of two values the interval is 12.7 (Student's t, 1 degree of freedom) times half their difference each way.
            half = 12.706 * abs(figure["each"][0] - figure["each"][1]) / 2
            assert (figure["low"], figure["high"]) == pytest.approx((figure["mean"] - half, figure["mean"] + half), abs=1e-4)


def test_a_static_order_falls_and_a_fresh_mask_does_not(audits: dict[str, dict]) -> None:
    paper, secure = audits["paper"], audits["secure"]
    assert paper["ciphertext_only"]["neighbours_recovered"] > 0.5
    for figure in ("key_entries_recovered", "neighbours_recovered", "best_partner_is_neighbour", "ssim"):
        assert paper["ciphertext_only"][figure] > paper["ciphertext_only"]["chance_limit"][figure]
        assert secure["ciphertext_only"][figure] < secure["ciphertext_only"]["chance_limit"][figure]
    for attack in ("known_plaintext", "chosen_plaintext"):
        assert paper[attack]["key_entries_recovered"] > 0.9
        assert secure[attack]["key_entries_recovered"] < 0.05
    assert paper["chosen_plaintext"]["next_frame_entries_recovered"] == 1
    assert secure["chosen_plaintext"]["next_frame_entries_recovered"] < 0.05
    assert paper["histogram"]["recaptured_found"] > 0.5
    assert secure["histogram"]["recaptured_found"] < 0.2
    assert paper["histogram"]["link_chi_square_per_dof"] == paper["histogram"]["scene_chi_square_per_dof"] > 10
    assert secure["histogram"]["link_chi_square_per_dof"] < secure["histogram"]["chance_limit"]["link_chi_square_per_dof"]
    assert paper["single_frame"]["row-column"]["neighbours_recovered"] > 0.99
    assert secure["single_frame"]["row-column"]["neighbours_recovered"] < 0.05
    for result in audits.values():  # tables are the key, whatever the policy
        assert result["tables"]["key_entries_recovered"] == 1


def test_a_sweep_says_how_many_frames_it_takes(audits: dict[str, dict]) -> None:
    alone = audits["paper"]["ciphertext_only"]
    assert [part["frames"] for part in alone["sweep"]] == [10, 20, 30, 50, 60]
    shares = [part["key_entries_recovered"] for part in alone["sweep"]]
    assert shares[-1] == alone["key_entries_recovered"]
    for share, frames in alone["frames_to_break"].items():
        assert frames == next(part["frames"] for part in alone["sweep"] if part["key_entries_recovered"] >= float(share))
    assert "sweep" not in audits["secure"]["ciphertext_only"]


class _Page(HTMLParser):
    """What a page refers to, and what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attributes if name in ("src", "href", "xlink:href", "data", "action")]


def test_the_report_is_a_page_that_needs_no_other_file(audits: dict[str, dict], folder: Path) -> None:
    out = folder / "paper"
    assert {file.name for file in out.iterdir()} == FILES | {"notes.txt"}
    assert (out / "notes.txt").read_text() == "mine"
    assert json.loads((out / "audit.json").read_text()) == audits["paper"]
    text = (out / "report.html").read_text()
    page = _Page()
    page.feed(text)
    assert page.tags.count("svg") == 4 and page.tags.count("img") == 1 and "script" not in page.tags
    assert all(link.startswith(("data:", "#")) for link in page.links)
    assert not re.search(r"url\((?!#)|@import", text)
    for needed in ('name="viewport"', "prefers-color-scheme: dark", "broken", "currentColor", "to 99 % of the key"):
        assert needed in text
    assert "#010203" not in text and "{{" not in text
    entries = f"{100 * audits['paper']['ciphertext_only']['key_entries_recovered']:.3g} %"
    assert (
        entries in text and "keycam audit --source photographs --frames 60 --policy paper --keys 1 --seed 0 --size 16x24" in text
    )


def test_the_contact_sheet_has_the_scenes_in_its_first_and_last_column(audits: dict[str, dict], folder: Path) -> None:
    sheet = cv2.imread(str(folder / "paper" / "contact_sheet.png"))
    embedded = re.search(r'src="data:image/png;base64,([^"]+)"', (folder / "paper" / "report.html").read_text())
    assert embedded and base64.b64decode(embedded[1]) == (folder / "paper" / "contact_sheet.png").read_bytes()
    thirds = np.array_split(sheet[80:-20].astype(int), 3, axis=1)
    spread = [float(np.abs(np.diff(third, axis=0)).mean()) for third in thirds]
    assert spread[1] > 1.4 * max(spread[0], spread[2])  # the link is noise between two pictures


@pytest.mark.parametrize("taken", ["file", "folder in the place of a file"])
def test_a_folder_that_cannot_be_written_is_refused(command, tmp_path: Path, taken: str, monkeypatch) -> None:
    monkeypatch.setattr("keycam.audit.emitted.load_footage", lambda plan: pytest.fail("it began to work"))
    out = tmp_path / "out"
    if taken == "file":
        out.write_text("mine")
    else:
        (out / "report.html").mkdir(parents=True)
    run = command("audit", "--out", out)
    assert run.code == 3 and f"out = {out}" in run.err and "allowed is" in run.err
    assert taken == "file" or [file.name for file in out.iterdir()] == ["report.html"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(2):
        picture = np.random.default_rng(number).integers(256, size=(20, 30, 3))
        assert cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


def test_an_image_is_panned_over_and_the_command_writes_what_it_prints(command, picture: Path, left_over: Path) -> None:
    line = ("audit", "--source", picture, "--frames", 3, "--size", "7x9", "--out", left_over)
    run = command(*line, "--json")
    assert run.err == ""  # no terminal, no bars
    result = run.json()
    assert result["ciphertext_only"]["frames"] == 3 and result["size_px"] == [7, 9]
    assert {file.name for file in left_over.iterdir()} == FILES
    assert json.loads((left_over / "audit.json").read_text()) == result


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("audit --policy nonsense", "policy = 'nonsense': allowed is secure, paper, raster"),
        ("audit --order nonsense", "order = 'nonsense': allowed is full, row-column, block, raster"),
        ("audit --source cifar10", "data: none is given; allowed is the folder of CIFAR-10"),
        ("audit --size 5", "size = '5': allowed is HxW"),
        ("audit --size 6x9", "size = 6x9: allowed is 7 or more each way and at most 4096 pixels in all"),
        ("audit --size 70x70", "size = 70x70: allowed is 7 or more each way and at most 4096 pixels in all"),
        ("audit --data nowhere", "data = nowhere: allowed is none with --source photographs"),
        ("audit --keys 0", "keys = 0: allowed is 1 or more"),
        ("audit --source nothing.mp4", "nothing.mp4"),
        ("audit --frames 2", "frames = 2: allowed is 3 or more"),
    ],
)
def test_refusals(command, line: str, says: str) -> None:
    run = command(*line.split())
    assert run.code in (2, 3)
    assert says in run.err


def test_too_few_scenes_are_refused_and_few_are_told(command, pictures: Path) -> None:
    run = command("audit", "--source", pictures)
    assert run.code == 3 and f"source = {pictures}: its scenes are 2; allowed is a source with 3 or more" in run.err


def test_an_interrupted_audit_ends_at_once_and_leaves_nothing(interrupted, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "TMPDIR", str(tmp_path))
    handed = lambda: bool(list(tmp_path.glob("keycam-audit-*/seen/*.npz")))  # noqa: E731
    run, seconds = interrupted("audit", "--frames", 40, "--out", tmp_path / "out", ready=handed, and_s=0.3)
    assert run.code == 130 and "interrupted" in run.err and "Traceback" not in run.err
    assert seconds < 10
    assert not list(tmp_path.glob("keycam-audit-*")) and not list((tmp_path / "out").iterdir())


def test_the_attacker_imports_nothing_that_holds_a_key() -> None:
    import privacy.attacker

    folder = Path(privacy.attacker.__file__).parent
    for file in (folder / "attacker.py", folder / "seen.py", *(folder / "attacks").glob("*.py")):
        imported = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, (ast.Import, ast.ImportFrom))]
        names = {
            name
            for node in imported
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }
        assert not {name for name in names if name and name.split(".")[0] in ("adc", "keycam", "firmware_model")}
