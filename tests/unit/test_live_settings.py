"""What a visitor may change is checked before the camera hears of it."""

import pytest

from keycam.live.settings import LIMITS, LiveSettings, within


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("exposure_s", 0.0, "exposure_s = 0.0: allowed is 0.0001 to 0.0333333"),
        ("exposure_s", float("nan"), "exposure_s = nan: allowed is"),
        ("analog_gain", 17, "analog_gain = 17: allowed is 1 to 16"),
        ("analog_gain", True, "analog_gain = True: allowed is"),
        ("temperature_k", "hot", "temperature_k = 'hot': allowed is 253.15 to 398.15"),
        ("motion_px_per_s", -1, "motion_px_per_s = -1: allowed is 0 to 2000"),
        ("policy", "nonsense", "policy = 'nonsense': allowed is secure, paper, raster"),
        ("policy", 3.0, "policy = 3.0: allowed is the name of a policy"),
        ("shuffle", "both", "shuffle = 'both': allowed is every-layer or input"),
        ("reveal", 1.0, "reveal = 1.0: allowed is true or false"),
        ("__class__", "x", "setting = '__class__': there is none of this name; allowed is exposure_s, analog_gain,"),
        ("x" * 99, 1.0, "...: there is none of this name"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_name(name: str, value: object, says: str) -> None:
    with pytest.raises(ValueError) as refused:
        LiveSettings().with_value(name, value)
    assert says in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("name", LIMITS)
def test_both_ends_of_a_range_are_allowed_and_what_is_beyond_is_brought_back(name: str) -> None:
    low, high = LIMITS[name]
    for value in (low, high):
        assert getattr(LiveSettings().with_value(name, value), name) == value
    assert (within(name, low - 1), within(name, high + 1)) == (low, high)


def test_a_picture_is_neither_restored_nor_compared_until_somebody_asks() -> None:
    assert not LiveSettings().reveal
    assert not LiveSettings().compare
