"""Sizes, depths and policies: what is allowed, and what a policy says of itself."""

import pytest

from adc import CFA_NAMES, PAPER, POLICIES, RASTER, SECURE, Geometry, ReadoutPolicy


def test_shape_follows_the_colour_filters() -> None:
    assert Geometry(4, 6, cfa="rgb").shape == (4, 6, 3)
    assert Geometry(5, 7, cfa="mono").shape == (5, 7, 1)
    assert all(Geometry(4, 6, cfa=cfa).is_bayer for cfa in CFA_NAMES[2:])
    assert Geometry(4, 6).pixels == 24


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"height": 0}, "height = 0"),
        ({"width": 65536}, "width = 65536"),
        ({"height": 2.0}, "height = 2.0"),
        ({"width": float("nan")}, "width = nan"),
        ({"bits": 5}, "bits = 5: allowed is 6 to 16"),
        ({"bits": 17}, "bits = 17"),
        ({"cfa": "rgbg"}, "cfa = 'rgbg'"),
        ({"height": 3, "cfa": "rggb"}, "height = 3: allowed is an even number"),
        ({"width": 5, "cfa": "gbrg"}, "width = 5"),
    ],
)
def test_impossible_geometry_is_refused_by_name(changed: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Geometry(**{"height": 4, "width": 4, **changed})


@pytest.mark.parametrize("changed", [{"order": "spiral"}, {"refresh": "hourly"}, {"mask": 2}, {"mask": float("nan")}])
def test_unknown_policy_is_refused_by_name(changed: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(changed))):
        ReadoutPolicy(**changed)


def test_presets_are_the_published_ones() -> None:
    assert POLICIES == {"secure": SECURE, "paper": PAPER, "raster": RASTER}
    assert ReadoutPolicy("full", "frame", True) == SECURE
    assert ReadoutPolicy("full", "static", False) == PAPER


def test_every_weakness_has_its_caution() -> None:
    assert SECURE.caution is None
    assert "some 30 frames" in str(PAPER.caution)
    assert "not protected" in str(RASTER.caution)
    assert "multiset of values" in str(ReadoutPolicy(mask=False).caution)
    for order in ("row-column", "block"):
        assert "obfuscation only" in str(ReadoutPolicy(order, mask=False).caution)
        assert "mask alone" in str(ReadoutPolicy(order).caution)
