"""What does not go together is refused before anything is opened."""

from pathlib import Path

import pytest

from keycam.live.plan import LivePlan, is_loopback


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"keep": "some"}, "keep = 'some': allowed is latest or all"),
        ({"fps": 0.0}, "fps = 0: allowed is above 0, up to 240"),
        ({"fps": float("nan")}, "fps = nan: allowed is above 0, up to 240"),
        ({"frames": 0}, "frames = 0: allowed is 1 or more"),
        ({"port": 65536}, "port = 65536: allowed is 0 to 65535"),
        ({"record": Path("a")}, "record = a: allowed is with --key"),
        ({"source": "camera:"}, "source = camera:: it names no link"),
        ({"source": "camera:/dev/tty9"}, "key: there is none for the camera at /dev/tty9; allowed is its key file"),
        ({"source": "camera:x", "key": Path("k"), "policy": "paper"}, "policy = paper: allowed is none for a camera on a wire"),
        ({"source": "browser", "display": "none"}, "source = browser: allowed is with the page"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(asked: dict, says: str) -> None:
    with pytest.raises(ValueError) as refused:
        LivePlan(**asked)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("example.org", False)],
)
def test_a_token_is_needed_wherever_others_can_reach_the_page(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone
    assert LivePlan(host=host).needs_token is not alone
