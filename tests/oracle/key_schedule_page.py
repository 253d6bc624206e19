"""The key schedule a second time, written from docs/key-schedule.md alone: plain Python on the standard library."""

import hashlib
import hmac
import itertools
import struct
from collections.abc import Iterator
from typing import Protocol

ORDERS = ("full", "row-column", "block", "raster")
REFRESHES = ("frame", "static")
CFAS = ("mono", "rgb", "rggb", "bggr", "grbg", "gbrg")


# Keys


def fields(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def expand(key: bytes, info: bytes) -> bytes:
    return hmac.digest(key, info + b"\x01", hashlib.sha256)


def epoch_secret(master: bytes, device: str, client: str, epoch: int) -> bytes:
    info = fields(b"keycam", b"\x02", b"epoch", device.encode(), client.encode(), struct.pack(">Q", epoch))
    return expand(hmac.digest(bytes(32), master, hashlib.sha256), info)


def label_key(secret: bytes, label: str, frame: dict) -> bytes:
    names = (frame["device"].encode(), frame["client"].encode(), struct.pack(">Q", frame["epoch"]))
    size = struct.pack(">HHB", frame["height"], frame["width"], frame["bits"])
    info = fields(b"keycam", b"\x02", label.encode(), *names, frame["policy"].encode(), size, frame["cfa"].encode())
    return expand(secret, info)


def layer_key(secret: bytes, frame: dict, layer_epoch: int) -> bytes:
    names = (frame["device"].encode(), frame["client"].encode(), struct.pack(">Q", layer_epoch))
    return expand(secret, fields(b"keycam", b"\x02", b"layer", *names, frame["policy"].encode()))


def named_key(key: bytes, name: str, positions: int) -> bytes:
    return expand(key, fields(name.encode(), struct.pack(">Q", positions)))


# ChaCha20 and Poly1305, RFC 8439


def chacha20_block(key: bytes, counter: int, nonce: bytes) -> bytes:
    start = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    state = list(start)

    def quarter(a: int, b: int, c: int, d: int) -> None:
        for one, other, changed, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[one] = (state[one] + state[other]) & 0xFFFFFFFF
            mixed = state[changed] ^ state[one]
            state[changed] = (mixed << bits | mixed >> 32 - bits) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        for column in range(4):
            quarter(column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    return struct.pack("<16I", *((now + then) & 0xFFFFFFFF for now, then in zip(state, start, strict=True)))


def poly1305(key: bytes, message: bytes) -> bytes:
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at : at + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


class Words(Protocol):
    """What a shuffle reads."""

    def octets(self, count: int) -> bytes: ...

    def words(self, count: int) -> list[int]: ...


class Stream:
    """The keystream S(key, nonce), read from its beginning."""

    def __init__(self, key: bytes, nonce: int) -> None:
        self._blocks = (chacha20_block(key, counter, struct.pack("<IQ", 0, nonce)) for counter in itertools.count())
        self._bytes: Iterator[int] = itertools.chain.from_iterable(self._blocks)

    def octets(self, count: int) -> bytes:
        return bytes(itertools.islice(self._bytes, count))

    def words(self, count: int) -> list[int]:
        return list(struct.unpack(f"<{count}I", self.octets(4 * count)))

    def half_words(self, count: int) -> list[int]:
        return list(struct.unpack(f"<{count}H", self.octets(2 * count)))


# Orders


def shuffle(stream: Words, positions: int, buckets: int | None = None) -> list[int]:
    """The shuffle of the page; `buckets`, 1 or 256, may be forced for tests of single steps."""
    if (buckets or (1 if positions < 65536 else 256)) == 1:
        return permuted(stream, list(range(positions)))
    contents: list[list[int]] = [[] for _ in range(256)]
    for position, bucket in enumerate(stream.octets(positions)):
        contents[bucket].append(position)
    return list(itertools.chain.from_iterable(permuted(stream, bucket) for bucket in contents))


def permuted(stream: Words, bucket: list[int]) -> list[int]:
    size = len(bucket)
    w = [0] * size
    i = 1
    while i < size:
        (x,) = stream.words(1)
        j, fraction = divmod(x * (i + 1), 2**32)
        if size <= 65536 and i + 1 < size:
            k, fraction = divmod(fraction * (i + 2), 2**32)
            if fraction < 2**32 % ((i + 1) * (i + 2)):
                continue
            w[i], w[j] = w[j], i
            w[i + 1], w[k] = w[k], i + 1
            i += 2
        else:
            if fraction < 2**32 % (i + 1):
                continue
            w[i], w[j] = w[j], i
            i += 1
    return [bucket[place] for place in w]


def drawn(name: str, stream: Stream, height: int, width: int) -> list[int]:
    if name == "full":
        return shuffle(stream, height * width)
    if name == "raster":
        return list(range(height * width))
    if name == "row-column":
        rows, columns = shuffle(stream, height), shuffle(stream, width)
        return [row * width + column for row in rows for column in columns]
    down, across = -(-height // 8), -(-width // 8)
    source = {}
    for rows_of_blocks in (range(height // 8), range(height // 8, down)):
        for columns_of_blocks in (range(width // 8), range(width // 8, across)):
            group = list(itertools.product(rows_of_blocks, columns_of_blocks))
            if group:
                for place, taken in zip(group, shuffle(stream, len(group)), strict=True):
                    source[place] = group[taken]
    order = []
    for y, x in itertools.product(range(height), range(width)):
        row, column = source[y // 8, x // 8]
        order.append((8 * row + y % 8) * width + 8 * column + x % 8)
    return order


# Frames


def frame_secrets(secret: bytes, frame: dict) -> dict:
    """Order, mask (or None) and tag key of a frame: device, client, epoch, policy, height, width, bits, cfa and counter."""
    order_name, refresh, mask_name = frame["policy"].split()
    counter, pixels = frame["counter"], frame["height"] * frame["width"]
    order_stream = Stream(label_key(secret, "order", frame), counter if refresh == "frame" else 0)
    samples = pixels * (3 if frame["cfa"] == "rgb" else 1)
    masked = mask_name == "mask"
    return {
        "order": drawn(order_name, order_stream, frame["height"], frame["width"]),
        "mask": Stream(label_key(secret, "mask", frame), counter).half_words(samples) if masked else None,
        "tag_key": Stream(label_key(secret, "tag", frame), counter).octets(32),
    }


def isp_order(secret: bytes, frame: dict, positions: int) -> list[int]:
    order_name, refresh, _ = frame["policy"].split()
    if order_name == "raster":
        return list(range(positions))
    key = named_key(label_key(secret, "isp", frame), "isp", positions)
    return shuffle(Stream(key, frame["counter"] if refresh == "frame" else 0), positions)


def layer_order(secret: bytes, frame: dict, layer_epoch: int, name: str, positions: int) -> list[int]:
    return shuffle(Stream(named_key(layer_key(secret, frame, layer_epoch), name, positions), 0), positions)


def emitted(frame: dict, secrets: dict, codes: list[int]) -> list[int]:
    channels = 3 if frame["cfa"] == "rgb" else 1
    samples = [codes[pixel * channels + channel] for pixel in secrets["order"] for channel in range(channels)]
    if secrets["mask"] is None:
        return samples
    return [(sample + mask) % 2 ** frame["bits"] for sample, mask in zip(samples, secrets["mask"], strict=True)]


def header(frame: dict) -> bytes:
    order_name, refresh, mask_name = frame["policy"].split()
    device, client = frame["device"].encode(), frame["client"].encode()
    start = b"KCAM" + bytes([2, len(device), len(client)]) + device + client
    numbers = struct.pack(">QQHHB", frame["counter"], frame["epoch"], frame["height"], frame["width"], frame["bits"])
    choices = bytes([CFAS.index(frame["cfa"]), ORDERS.index(order_name), REFRESHES.index(refresh), mask_name == "mask"])
    shot = struct.pack(">4d", frame["black_level_dn"], frame["exposure_s"], frame["analog_gain"], frame["temperature_k"])
    return start + numbers + choices + shot


def tag(tag_key: bytes, written: bytes, samples: list[int]) -> bytes:
    return poly1305(tag_key, struct.pack(">I", len(written)) + written + struct.pack(f"<{len(samples)}H", *samples))
