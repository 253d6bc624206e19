"""The key schedule: reproducible, separate in everything that names a frame, and silent about its secrets."""

import copy
import itertools
import pickle

import numpy as np
import pytest

from adc import PAPER, RASTER, SECURE, FrameKey, Geometry, KeySchedule, ReadoutPolicy, epoch_secret, invert_order

MASTER = bytes(range(32))
GEOMETRY = Geometry(48, 64, 12, "rgb")


def frame_key(master: bytes = MASTER, counter: int = 5, geometry: Geometry = GEOMETRY, **names: object) -> FrameKey:
    return KeySchedule(master, **names).frame_key(counter, geometry)


def agreement(one: FrameKey, other: FrameKey) -> int:
    return int((one.order == other.order).sum())


def test_same_names_give_the_same_key() -> None:
    one, other = frame_key(), frame_key()
    assert np.array_equal(one.order, other.order)
    assert np.array_equal(one.mask, other.mask)
    assert one.tag_key == other.tag_key
    assert np.array_equal(one.derived_order("a", 99), other.derived_order("a", 99))


@pytest.mark.parametrize(
    "changed",
    [{"master": bytes([1, *MASTER[1:]])}, {"master": bytes([*MASTER[:31], MASTER[31] ^ 128])}, {"device": "cam1"},
     {"device": "bam0"}, {"client": "hosu"}, {"client": "cam0", "device": "host"},
     {"epoch": 1}, {"epoch": 2**63}, {"counter": 4}, {"counter": 5 ^ 2**63},
     {"geometry": Geometry(48, 64, 13, "rgb")}, {"geometry": Geometry(64, 48, 12, "rgb")}],
)  # fmt: skip
def test_one_bit_different_gives_an_unrelated_key(changed: dict) -> None:
    one, other = frame_key(), frame_key(**changed)
    # Two unrelated orders agree in a number of places that is Poisson with mean 1; 10 or more in one key of 9 million.
    assert agreement(one, other) < 10
    # Two unrelated masks of 9216 words agree in 9216 / 65536 = 0.14 places; 6 or more once in 10**8.
    assert (one.mask == other.mask).sum() < 6
    assert one.tag_key != other.tag_key
    assert (one.derived_order("a", 3072) == other.derived_order("a", 3072)).sum() < 10


def test_unrelated_orders_agree_in_one_place_on_average() -> None:
    schedule = KeySchedule(MASTER)
    orders = [schedule.frame_key(counter, GEOMETRY).order for counter in range(401)]
    agreements = [int((one == other).sum()) for one, other in itertools.pairwise(orders)]
    # Poisson with mean 1: the mean of 400 has standard error 1/sqrt(400) = 0.05; 4 of them.
    assert np.mean(agreements) == pytest.approx(1, abs=0.2)


def test_no_mask_value_is_shared_between_channels_or_frames() -> None:
    schedule = KeySchedule(MASTER)
    masks = [schedule.frame_key(counter, GEOMETRY).mask[:, channel] for counter in range(3) for channel in range(3)]
    words = np.array(masks).astype(np.float64) - 32767.5
    correlation = np.corrcoef(words)[np.triu_indices(9, 1)]
    # The correlation of n independent pairs has standard deviation 1/sqrt(n), n = 3072; 5 of them over 36 pairs.
    assert np.abs(correlation).max() < 5 / np.sqrt(words.shape[1])
    stream = np.array(masks).tobytes()
    pieces = [stream[at : at + 8] for at in range(0, len(stream), 8)]
    # 6912 pieces of 64 bits: any two are equal with probability 6912**2 / 2**65 < 10**-11 unless keystream is used twice.
    assert len(set(pieces)) == len(pieces)


@pytest.mark.parametrize("bits", [6, 8, 12, 16])
def test_mask_is_uniform_modulo_the_depth(bits: int) -> None:
    mask = KeySchedule(MASTER).frame_key(1, Geometry(512, 512, bits)).mask
    values = min(2**bits, 256)
    counts = np.bincount((mask & (values - 1)).ravel(), minlength=values)
    expected, freedom = mask.size / values, values - 1
    # Chi-square: as many degrees of freedom as its mean, and a variance of twice that; 5 standard deviations.
    assert ((counts - expected) ** 2 / expected).sum() == pytest.approx(freedom, abs=5 * np.sqrt(2 * freedom))


def test_static_order_stays_and_the_mask_changes() -> None:
    schedule = KeySchedule(MASTER, policy=ReadoutPolicy("full", "static", True))
    one, other = schedule.frame_key(1, GEOMETRY), schedule.frame_key(2, GEOMETRY)
    assert np.array_equal(one.order, other.order)
    assert (one.mask == other.mask).sum() < 6
    assert one.tag_key != other.tag_key
    assert np.array_equal(one.derived_order("a", 50), other.derived_order("a", 50))


def test_policies_have_keys_of_their_own() -> None:
    paper, secure = frame_key(policy=PAPER, counter=0), frame_key(policy=SECURE, counter=0)
    assert paper.mask is None
    assert agreement(paper, secure) < 10
    assert paper.tag_key != secure.tag_key


def test_raster_policy_orders_nothing() -> None:
    key = frame_key(policy=RASTER)
    assert np.array_equal(key.order, np.arange(GEOMETRY.pixels))
    assert np.array_equal(key.derived_order("a", 50), np.arange(50))


def test_derived_orders_differ_by_label_size_and_frame() -> None:
    key = frame_key()
    order = key.derived_order("a", 3072)
    assert np.array_equal(np.sort(order), np.arange(3072))
    others = [key.derived_order("b", 3072), frame_key(counter=6).derived_order("a", 3072), key.order]
    assert all((order == other).sum() < 10 for other in others)
    assert not np.array_equal(key.derived_order("a", 50) % 49, key.derived_order("a", 49) % 49)


def test_layer_orders_are_fixed_for_an_epoch_and_differ_by_name() -> None:
    schedule = KeySchedule(MASTER, epoch=3)
    order = schedule.layer_orders().order("layer1.conv", 1024)
    assert np.array_equal(order, schedule.layer_orders(3).order("layer1.conv", 1024))
    for other in (schedule.layer_orders(4).order("layer1.conv", 1024), schedule.layer_orders().order("layer2", 1024)):
        assert (order == other).sum() < 10


def test_inverse_order_undoes_the_order() -> None:
    key = frame_key()
    assert np.array_equal(key.inverse_order, invert_order(key.order))
    assert key.inverse_order.base is key.inverse_order.base


def test_secrets_are_not_printed() -> None:
    schedule = KeySchedule(b"printable-master-secret-32-bytes")
    key = schedule.frame_key(5, GEOMETRY)
    for shown in (repr(schedule), repr(key), repr(schedule.layer_orders()), str(schedule), str(key)):
        assert "printable" not in shown
        assert str(key.order[:3])[1:-1] not in shown
        assert key.tag_key.hex() not in shown


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_secrets_are_not_pickled_or_copied(leave) -> None:
    schedule = KeySchedule(MASTER)
    for secret in (schedule, schedule.frame_key(5, GEOMETRY), schedule.layer_orders()):
        with pytest.raises(TypeError, match="never pickled"):
            leave(secret)


def test_arrays_of_a_key_are_read_only() -> None:
    key = frame_key()
    for array in (key.order, key.mask, key.inverse_order):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_wiped_key_is_overwritten_and_refuses_use() -> None:
    schedule = KeySchedule(MASTER)
    key = schedule.frame_key(5, GEOMETRY)
    order, mask, inverse = key.order, key.mask, key.inverse_order
    key.wipe()
    assert not order.any()
    assert not mask.any()
    assert not inverse.any()
    for use in (lambda: key.order, lambda: key.mask, lambda: key.tag_key, lambda: key.inverse_order,
                lambda: key.derived_order("a", 5)):  # fmt: skip
        with pytest.raises(RuntimeError, match="frame 5 was wiped"):
            use()
    assert np.array_equal(np.sort(schedule.frame_key(5, GEOMETRY).order), np.arange(GEOMETRY.pixels))


@pytest.mark.parametrize("policy", [SECURE, PAPER])
def test_wiped_key_of_a_large_frame_is_overwritten_too(policy: ReadoutPolicy) -> None:
    schedule = KeySchedule(MASTER, policy=policy)
    geometry = Geometry(300, 400)
    key, other = schedule.frame_key(5, geometry), schedule.frame_key(6, geometry)
    order, steps = key.order, key.shuffle
    key.wipe()
    assert not order.any()
    assert steps.within.any() == (policy is PAPER)
    assert np.array_equal(np.sort(other.order), np.arange(geometry.pixels))


def test_wiping_one_key_leaves_the_static_order_of_the_others() -> None:
    schedule = KeySchedule(MASTER, policy=PAPER)
    one, other = schedule.frame_key(1, GEOMETRY), schedule.frame_key(2, GEOMETRY)
    one.wipe()
    assert np.array_equal(np.sort(other.order), np.arange(GEOMETRY.pixels))


@pytest.mark.parametrize(
    ("names", "named"),
    [
        ({"master": bytes(31)}, "master = 31 bytes: allowed is 32 bytes"),
        ({"device": ""}, "device = ''"),
        ({"device": "a" * 65}, "device"),
        ({"device": "a\nb"}, "device"),
        ({"client": ""}, "client = ''"),
        ({"client": "a" * 65}, "client"),
        ({"master": "x" * 32}, "master = a str: allowed is 32 bytes"),
        ({"epoch": True}, "epoch = True"),
        ({"epoch": -1}, "epoch = -1"),
        ({"epoch": float("nan")}, "epoch = nan"),
        ({"counter": -1}, "counter = -1"),
        ({"counter": 2**64}, "counter"),
    ],
)
def test_impossible_key_is_refused_by_name(names: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        frame_key(**names)


@pytest.mark.parametrize("policy", ["secure", None])
def test_a_policy_by_name_is_refused_at_once(policy) -> None:
    with pytest.raises(ValueError, match="policy = "):
        KeySchedule(bytes(32), policy=policy)


NAMES = {"device": "door", "client": "lab", "epoch": 3}


@pytest.mark.parametrize("policy", [SECURE, PAPER])
def test_the_secret_of_an_epoch_gives_its_client_the_keys_that_the_master_gives(policy: ReadoutPolicy) -> None:
    own = KeySchedule.from_epoch_secret(epoch_secret(MASTER, **NAMES), **NAMES, policy=policy)
    masters = KeySchedule(MASTER, **NAMES, policy=policy)
    one, other = own.frame_key(5, GEOMETRY), masters.frame_key(5, GEOMETRY)
    assert np.array_equal(one.order, other.order)
    assert policy is PAPER or np.array_equal(one.mask, other.mask)
    assert one.tag_key == other.tag_key
    assert np.array_equal(one.derived_order("a", 99), other.derived_order("a", 99))
    assert np.array_equal(own.layer_orders(8).order("a", 99), masters.layer_orders(8).order("a", 99))


def test_every_client_and_epoch_has_a_secret_of_its_own_and_none_is_the_master() -> None:
    names = [
        {"device": device, "client": client, "epoch": epoch}
        for device, client, epoch in itertools.product(("a", "ab"), ("bc", "c", "host"), range(3))
    ]
    secrets = {bytes(epoch_secret(MASTER, **each)) for each in names}
    assert len(secrets) == len(names)  # "a" with "bc" and "ab" with "c" are two, for each name carries its length
    assert MASTER not in secrets


@pytest.mark.parametrize("secret", [bytes(31), bytes(33), "x" * 32, None])
def test_a_secret_of_another_size_or_kind_is_refused_by_name(secret) -> None:
    with pytest.raises(ValueError, match=r"secret = .*: allowed is 32 bytes"):
        KeySchedule.from_epoch_secret(secret, **NAMES)


def test_a_schedule_keeps_no_master() -> None:
    master = bytearray(MASTER)
    schedule = KeySchedule(master, **NAMES)
    before = schedule.frame_key(5, GEOMETRY).order
    master[:] = bytes(32)  # its owner's to overwrite, and not needed any more
    assert np.array_equal(schedule.frame_key(5, GEOMETRY).order, before)
    assert all(MASTER not in bytes(value) for value in vars(schedule).values() if isinstance(value, bytes | bytearray))


@pytest.mark.parametrize("policy", [SECURE, PAPER, RASTER])
@pytest.mark.parametrize("geometry", [GEOMETRY, Geometry(300, 400)], ids=["small", "large"])
def test_a_wiped_schedule_is_overwritten_with_its_static_orders_and_refuses_use(
    policy: ReadoutPolicy, geometry: Geometry
) -> None:
    with KeySchedule(MASTER, policy=policy) as schedule:
        key = schedule.frame_key(5, geometry)
        key.order  # noqa: B018
        static = list(schedule._static_orders.values())
        held = [schedule._secret, *schedule._label_keys[geometry].values()]
        assert all(any(secret) for secret in held)
    assert not any(any(secret) for secret in held)
    assert not any(order.within.any() if hasattr(order, "within") else order.any() for order in static)
    for use in (lambda: schedule.frame_key(6, geometry), lambda: schedule.frame_key(6, Geometry(2, 2)), schedule.layer_orders):
        with pytest.raises(RuntimeError, match="was wiped"):
            use()
    if policy.refresh == "static":
        with pytest.raises(RuntimeError, match="frame 5 was wiped"):
            key.order  # noqa: B018
    else:
        assert np.array_equal(np.sort(key.order), np.arange(geometry.pixels))
    schedule.wipe()


def test_wiped_layer_orders_are_overwritten_and_refuse_use() -> None:
    with KeySchedule(MASTER).layer_orders() as orders:
        assert orders.order("a", 9).size == 9
        held = orders._layer_key
    assert not any(held)
    with pytest.raises(RuntimeError, match="layer orders of epoch 0 were wiped"):
        orders.order("a", 9)


def test_a_view_of_a_tag_key_is_overwritten_with_it() -> None:
    key = frame_key()
    view = key.tag_key
    assert any(view)
    assert view.readonly
    key.wipe()
    assert not any(view)
