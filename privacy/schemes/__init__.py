"""The peers' image transforms, AES-256-GCM and keycam's own readout, all behind one interface, so that one audit runs on all."""

from collections.abc import Callable
from functools import partial

import numpy as np

from adc import PAPER, RASTER, SECURE
from privacy.schemes.aes_gcm import AesGcm
from privacy.schemes.encryption_then_compression import EncryptionThenCompression
from privacy.schemes.extended_learnable import ExtendedLearnableEncryption
from privacy.schemes.key_nets import KeyNets
from privacy.schemes.keyed_readout import KeyedReadout
from privacy.schemes.learnable import LearnableEncryption
from privacy.schemes.pixel_based import PixelBasedEncryption
from privacy.schemes.privconv import PrivConv
from privacy.schemes.scheme import KeyScope, Scheme, Sent

__all__ = [
    "SCHEMES",
    "AesGcm",
    "EncryptionThenCompression",
    "ExtendedLearnableEncryption",
    "KeyNets",
    "KeyScope",
    "KeyedReadout",
    "LearnableEncryption",
    "PixelBasedEncryption",
    "PrivConv",
    "Scheme",
    "Sent",
    "make_scheme",
]

SCHEMES: dict[str, Callable[[np.random.Generator, tuple[int, int]], Scheme]] = {
    "le": LearnableEncryption.with_key,
    "ele": ExtendedLearnableEncryption.with_key,
    "etc": EncryptionThenCompression.with_key,
    "pixel-based": PixelBasedEncryption.with_key,
    "pixel-based-static": partial(PixelBasedEncryption.with_key, fresh=False),
    "privconv": PrivConv.with_key,
    "key-nets": KeyNets.with_key,
    "keycam-raster": partial(KeyedReadout.with_key, policy=RASTER),
    "keycam-paper": partial(KeyedReadout.with_key, policy=PAPER),
    "keycam-secure": partial(KeyedReadout.with_key, policy=SECURE),
    "aes-256-gcm": AesGcm.with_key,
}
"""Every scheme by name, with how it is made from a generator and a height and width."""


def make_scheme(name: str, rng: np.random.Generator, shape: tuple[int, int]) -> Scheme:
    """Make the scheme `name` with a key from `rng` for pictures of height and width `shape`.

    Raises ValueError for an unknown name and for a shape that the scheme does not take.
    """
    if name not in SCHEMES:
        raise ValueError(f"scheme = {name!r}: allowed is {', '.join(SCHEMES)}")
    return SCHEMES[name](rng, shape)
