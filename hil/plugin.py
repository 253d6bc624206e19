"""The pytest plugin: options, markers, fixtures, and FAIL kept apart from ERROR.

Every pytest run of everyone who has keycam installed loads this module, so it imports nothing heavy and does nothing in runs
that use neither its options nor its fixtures.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hil.artefacts import Artefacts
    from hil.board import Board
    from hil.dut import Dut
    from hil.options import HilOptions
    from hil.wire import Wire
    from link.transport.faults import LinkFaults

BOARD = pytest.StashKey["Board"]()
"""Where a program that runs tests itself (`keycam hil`) puts the board that it has opened."""
_LOGS = pytest.StashKey[Path]()
_FEATURES = pytest.StashKey[frozenset[str]]()
_FIXTURES = frozenset(("board", "link", "dut", "faults", "artefacts"))
_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--hil-target",
        {"metavar": "TARGET", "help": "sim (default), pty, tcp: a camera model is started; serial: one is at --hil-port."},
    ),
    ("--hil-port", {"metavar": "URL", "help": "Where the board is: a serial port, tcp://HOST:PORT, rfc2217://HOST:PORT, …"}),
    (
        "--hil-baud",
        {"type": int, "metavar": "BAUD", "help": "Bits a second of the serial port, or of the line that is simulated."},
    ),
    (
        "--hil-env",
        {"type": Path, "metavar": "FILE", "help": "TOML file with these options, and what else is known of the bench."},
    ),
    ("--hil-key", {"type": Path, "metavar": "FILE", "help": "Key file of the board's device or client."}),
    ("--hil-log-dir", {"type": Path, "metavar": "DIR", "help": "Where each test leaves its captures, logs and figures."}),
    ("--hil-faults", {"metavar": "PLAN", "help": "Link faults under which everything runs, such as light, noise or harsh."}),
    ("--hil-seed", {"type": int, "metavar": "SEED", "help": "What faults are drawn from (default 0)."}),
    ("--hil-timeout-scale", {"type": float, "metavar": "X", "help": "By how much longer everything may take."}),
    ("--hil-reset-cmd", {"metavar": "CMD", "help": "Command line that resets the board."}),
    (
        "--hil-allow-destructive",
        {
            "action": "store_true",
            "default": None,
            "help": "Let tests wear the flash and replace keys of a board (and put them back).",
        },
    ),
)
_MARKERS = (
    "hil_feature(name, ...): skipped, with the reason, on a target that lacks one of these (see docs/hil.md)",
    "hil_faults(plan): the link's faults in this test, a FaultPlan or the name of one, in the place of --hil-faults",
    "hil_destructive: wears the board's flash or replaces its keys; on a board only with --hil-allow-destructive",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hil", "hardware in the loop (keycam)")
    for name, told in _OPTIONS:
        group.addoption(name, **told)


def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    if any(config.getoption(_dest(name)) is not None for name, _ in _OPTIONS):
        _options_of(config)  # what cannot be is refused before anything runs


def pytest_report_header(config: pytest.Config) -> str | None:
    if config.getoption("hil_target") is None:
        return None
    options = _options_of(config)
    return f"hil: target {options.target}, faults {options.faults}, seed {options.seed}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    needed = [name for marker in item.iter_markers("hil_feature") for name in marker.args]
    needed += ["destructive"] if item.get_closest_marker("hil_destructive") is not None else []
    if not needed:
        return
    from hil.features import features_of, reason_to_skip

    options, stash = _options_of(item.config), item.config.stash
    if _FEATURES not in stash:
        stash[_FEATURES] = features_of(options)
    for name in needed:
        if name not in stash[_FEATURES]:
            pytest.skip(reason_to_skip(name, options.target))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())) and call.excinfo is not None and report.failed:
        from hil.infrastructure import is_infrastructure

        if call.when == "call" and is_infrastructure(call.excinfo.value):
            # Terminal, JUnit and every other reporter tell an error from a failure by nothing but the phase.
            report.when = "setup"
            report.sections.append(("hil", "The set-up is at fault, and not the board: this is an error, no failure."))
    return report


@pytest.fixture(scope="session")
def hil_options(pytestconfig: pytest.Config) -> "HilOptions":
    """What the run was told about its board."""
    return _options_of(pytestconfig)


@pytest.fixture(scope="session")
def hil_board(
    pytestconfig: pytest.Config, hil_options: "HilOptions", record_testsuite_property: Callable[[str, object], None]
) -> Iterator["Board"]:
    """The board for the whole run; `board` is the one to use."""
    from hil.board import Board
    from hil.features import features_of
    from hil.targets import open_target

    with ExitStack() as opened:
        board = pytestconfig.stash.get(BOARD, None)
        if board is None:
            board = Board(opened.enter_context(open_target(hil_options)), hil_options, features_of(hil_options))
        about = {"hil_target": board.name, "hil_link": board.url, **_identity(board), "hil_seed": hil_options.seed}
        for name, value in about.items():
            record_testsuite_property(name, str(value))
        yield board


@pytest.fixture(scope="module")
def board(hil_board: "Board") -> Iterator["Board"]:
    """The board under test, reset for this module where that can be done."""
    hil_board.reset()
    yield hil_board
    hil_board.clear_faults()


@pytest.fixture
def artefacts(request: pytest.FixtureRequest, board: "Board", tmp_path_factory: pytest.TempPathFactory) -> Iterator["Artefacts"]:
    """The folder of this test, with its captures, its log, its faults and its figures."""
    from hil.artefacts import Artefacts

    test = request.node.nodeid.rpartition("/")[2]
    folder = board.options.log_dir or _log_folder(request.config, tmp_path_factory)
    kept = Artefacts(folder / _as_file_name(test), test, board.options.seed)
    about = {"target": board.name, "link": board.url, **_identity(board), "run_seed": board.options.seed}
    request.node.user_properties += [("hil_target", board.name), ("hil_firmware", about["hil_firmware"])]
    try:
        yield kept
    finally:
        kept.close(about)
        request.node.user_properties += [("hil_artefacts", str(kept.folder)), *kept.figures.items()]


@pytest.fixture
def faults(request: pytest.FixtureRequest, board: "Board", artefacts: "Artefacts") -> Iterator["LinkFaults"]:
    """The faults of this test's link: those of its marker or of --hil-faults by themselves, others by `faults.inject`."""
    from link.transport.faults import LinkFaults, fault_plan

    own = request.node.get_closest_marker("hil_faults")
    plan = board.options.faults if own is None else own.args[0]
    made = LinkFaults(fault_plan(plan) if isinstance(plan, str) else plan, artefacts.seed, file=artefacts.fault_file)
    try:
        yield made
    finally:
        made.close()
        artefacts.note("link_faults", {f"{direction} {kind}": count for (direction, kind), count in made.schedule.counts.items()})


@pytest.fixture
def link(board: "Board", faults: "LinkFaults", artefacts: "Artefacts") -> Iterator["Wire"]:
    """The board's link packet by packet, in a client's session where the key is known."""
    from hil.wire import Wire

    opened = artefacts.captured(faults.opener(board.connect))
    with Wire(opened(), board.keys.client, board.patience.command_s) as wire:
        wire.hello()
        yield wire
        artefacts.note("parser_errors", dict(wire.parser.errors))


@pytest.fixture
def dut(board: "Board", faults: "LinkFaults", artefacts: "Artefacts") -> Iterator["Dut"]:
    """The device under test through the host driver; skipped where no client's key is known."""
    from hil.dut import Dut
    from hil.features import reason_to_skip
    from link.host import CameraLink

    if board.keys.client is None:
        pytest.skip(reason_to_skip("client", board.name))
    opener = artefacts.captured(faults.opener(board.connect))
    with CameraLink(opener, board.keys.client, patience=board.patience) as driver:
        try:
            yield Dut(driver, board)
        finally:
            artefacts.note("host", driver.statistics.as_json())


def _options_of(config: pytest.Config) -> "HilOptions":
    from hil.options import HilOptions

    board = config.stash.get(BOARD, None)
    if board is not None:
        return board.options
    given = {_dest(name).removeprefix("hil_"): config.getoption(_dest(name)) for name, _ in _OPTIONS}
    env = given.pop("env")
    try:
        return HilOptions.from_file(env, given)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def _dest(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def _identity(board: "Board") -> dict[str, str]:
    return {"hil_device": board.identity.device, "hil_firmware": board.identity.firmware_hash.hex()}


def _log_folder(config: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if _LOGS not in config.stash:
        config.stash[_LOGS] = tmp_path_factory.mktemp("hil")
    return config.stash[_LOGS]


def _as_file_name(test: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_.[]" else "-" for letter in test)[:120]
