"""Separate streams of random numbers from one seed, so that changing one use of chance leaves the others alone."""

import hashlib

import numpy as np

INITIAL = "initial values"
SHUFFLE = "shuffle"
NOISE = "noise"
AUGMENTATION = "augmentation"
PARTS = "parts"
DRAWING = "drawing"


def stream(seed: int, *keys: str | int) -> np.random.Generator:
    """The generator for one use of chance.

    `keys` begin with one of the names above and may go on: (INITIAL, layer name, parameter) for initial values,
    (SHUFFLE, epoch), (NOISE, layer name, step). Equal keys give equal numbers, whatever else was drawn before, so a
    run that is resumed needs no stored state.
    """
    return np.random.default_rng(np.random.SeedSequence([seed, *(_number(key) for key in keys)]))


def _number(key: str | int) -> int:
    """A key as a number: names by a hash that is the same on every machine, unlike Python's own."""
    if isinstance(key, int):
        return key
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")
