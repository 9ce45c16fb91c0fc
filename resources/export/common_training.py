import hashlib
import math

import numpy as np


def random_numbers(*keys):
    """The generator for one use of chance; the same seed and keys give the same numbers."""
    words = [
        key
        if isinstance(key, int)
        else int.from_bytes(
            hashlib.blake2b(key.encode(), digest_size=8).digest(), "little"
        )
        for key in keys
    ]
    return np.random.default_rng(np.random.SeedSequence([OPTIONS["seed"], *words]))


def split(count):
    """Places of the training part that train, and of those that validate."""
    share = OPTIONS["validation"]
    aside = max(0, min(max(round(count * share), 1), count - 1)) if share else 0
    order = random_numbers("parts", "validation").permutation(count)
    return np.sort(order[aside:]), np.sort(order[:aside])


def rate_factor(epochs):
    """What the learning rate is multiplied by after so many epochs (3.5: half of the fourth)."""
    share = min(epochs / OPTIONS["epochs"], 1.0)
    whole = math.floor(epochs + 1e-9)
    name, factor = OPTIONS["schedule"], OPTIONS["schedule_factor"]
    if name == "linear":
        return 1.0 - share
    if name == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * share))
    if name == "exponential":
        return OPTIONS["schedule_decay"] ** whole
    if name == "step" and OPTIONS["schedule_every"]:
        return factor ** (whole // OPTIONS["schedule_every"])
    if name == "step":
        return 1.0 if share < 0.5 else factor if share < 0.75 else factor**2
    return 1.0
