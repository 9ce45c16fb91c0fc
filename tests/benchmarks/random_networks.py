"""Random networks, spread evenly over what a network may be made of: the same number always gives the same network.

Of `count` networks each has another batch (1 to 257) and another picture size (odd, 5 to 65): both are cut into `count`
equal parts, and each part is met once. Filters, kernels, strides, padding, groups, dilation, and every activation and
pool that PyTorch has too are drawn freely, as long as a training step stays below `most` multiply-adds.
"""

from dataclasses import dataclass

import numpy as np

from core.graph.network import Network
from core.layers import make_layer
from core.layers.base import ShapeError
from tests.core.engine.agreement import chain

ACTIVATIONS = ("ReLU", "LeakyReLU", "VeryLeakyReLU", "Sigmoid", "Tanh", "ELU", "Softplus", "PReLU", "RReLU")
POOLS = ("MaxPool2D", "AveragePool2D", "L2Pool2D")
MOST_MACS, MOST_NUMBERS, MOST_INPUTS = 1.5e9, 8e6, 30_000
LARGEST_BATCH, CHANNELS = 257, 130

Entry = tuple[str, dict[str, object]]


@dataclass(frozen=True)
class Drawn:
    """A network and the number of pictures in a batch."""

    number: int
    network: Network
    batch: int
    shape: tuple[int, ...]
    layers: tuple[Entry, ...]

    def text(self) -> str:
        """What it is made of, in one line."""
        parts = [f"{self.batch} × {'×'.join(map(str, self.shape))}"]
        for kind, settings in self.layers:
            found = make_layer(kind, settings).short() if kind in ("Conv2D", *POOLS, "Dense") else ""
            parts.append(f"{kind.removesuffix('2D')} {found}".strip())
        return " | ".join(parts)


class _Drawing:
    """Layers added one after the other, while the work stays within the limits."""

    def __init__(self, rng: np.random.Generator, batch: int, shape: tuple[int, ...], most: float) -> None:
        self.rng, self.batch, self.shape, self.left = rng, batch, shape, most
        self.numbers = MOST_NUMBERS * most / MOST_MACS
        self.layers: list[Entry] = []

    def pick(self, *choices: object) -> object:
        """One of them."""
        return choices[self.rng.integers(len(choices))]

    def chance(self, share: float) -> bool:
        """True in that share of all cases."""
        return bool(self.rng.random() < share)

    def add(self, kind: str, **settings: object) -> bool:
        """Add a layer where it fits."""
        layer = make_layer(kind, settings)
        try:
            shape = layer.output_shape(self.shape)
        except ShapeError:
            return False
        macs = self.batch * layer.macs([self.shape], shape)
        if min(shape) < 1 or macs > self.left or self.batch * int(np.prod(shape)) > self.numbers:
            return False
        self.left -= macs
        self.shape = shape
        self.layers.append((kind, settings))
        return True

    def pair(self, low: int, high: int) -> tuple[int, int]:
        """Two numbers, most often the same one twice."""
        one, other = (int(each) for each in self.rng.integers(low, high + 1, 2))
        return (one, one) if self.chance(0.7) else (one, other)

    def convolution(self) -> None:
        """A convolution; with fewer filters, and at last a smaller kernel, where it would be too much work."""
        size, channels = self.shape[1:], self.shape[0]
        kernel, stride = self.pair(1, 7), self.pair(1, 3) if self.chance(0.5) else (1, 1)
        dilation = self.pair(2, 3) if self.chance(0.15) else (1, 1)
        padding = self._padding(kernel)
        filters = int(self.rng.integers(1, CHANNELS + 1))
        groups = 1
        if channels > 3 and self.chance(0.35):
            groups = channels if self.chance(0.5) else int(self.rng.choice(_divisors(channels)[1:]))
            filters = groups * max(1, round(filters / groups)) if groups < channels else channels
        if any(dilation[axis] * (kernel[axis] - 1) >= size[axis] for axis in (0, 1)):
            kernel, dilation = (min(kernel[0], size[0]), min(kernel[1], size[1])), (1, 1)
        while not self.add("Conv2D", filters=filters, kernel=kernel, stride=stride, dilation=dilation, padding=padding,
                           groups=groups, bias=self.chance(0.8)):
            if filters <= groups or groups == channels > 1:
                return
            filters = groups * max(1, filters // groups // 2)

    def _padding(self, kernel: tuple[int, int]) -> object:
        if self.chance(0.3):
            return "valid"
        if self.chance(0.4):
            return "same"
        if self.chance(0.3):
            # Other sides, other widths, up to a whole filter that sees nothing but padding.
            return tuple(int(self.rng.integers(0, each)) for each in (*kernel, *kernel))
        down, right = (int(self.rng.integers(0, each // 2 + 1)) for each in kernel)
        return (down, right, down, right)

    def pool(self) -> None:
        """A pool with a window of 1 to 7, mostly 2 to 4, often overlapping, sometimes padded."""
        kind, kernel = str(self.pick(*POOLS)), self.pair(2, 4) if self.chance(0.7) else self.pair(1, 7)
        if min(self.shape[1:]) < max(kernel):
            return
        settings: dict[str, object] = {"kernel": kernel, "stride": self.pair(1, 3)}
        # PyTorch rounds the size of an L2 pool up as well, but then scales the windows that hang over.
        settings["ceil"] = self.chance(0.3) and kind != "L2Pool2D"
        if kind != "L2Pool2D" and self.chance(0.4):
            settings["padding"] = (kernel[0] // 2, kernel[1] // 2) * 2
        if kind == "AveragePool2D":
            settings["count_padding"] = self.chance(0.5)
        self.add(kind, **settings)

    def block(self) -> None:
        """Convolution, perhaps batch norm, activation, perhaps a pool."""
        before = len(self.layers)
        self.convolution()
        if len(self.layers) == before:
            return
        # Of a single number PyTorch takes no mean in training.
        if self.chance(0.3) and self.batch * int(np.prod(self.shape[1:])) > 1:
            self.add("BatchNorm")
        self.add(str(self.pick(*ACTIVATIONS)))
        if self.chance(0.08):
            self.add("LocalResponseNorm", size=int(self.rng.integers(1, 8)))
        if self.chance(0.5):
            self.pool()
        if self.chance(0.12):
            self.add("Dropout", rate=float(self.rng.choice([0.1, 0.25, 0.5])))

    def head(self) -> None:
        """A vector, perhaps a dense layer in between, ten classes."""
        self.numbers = float("inf")
        way = "GlobalMaxPool2D" if self.chance(0.2) else "GlobalAveragePool2D"
        if int(np.prod(self.shape)) > MOST_INPUTS or self.chance(0.3):
            self.add(way)
        else:
            self.add("Flatten")
        if self.chance(0.5) and self.add("Dense", units=int(self.rng.integers(1, CHANNELS + 1))):
            self.add(str(self.pick(*ACTIVATIONS, "Softmax")))
        self.left = float("inf")
        self.add("Dense", units=10)
        self.layers.append(("Softmax", {}))


def _divisors(number: int) -> list[int]:
    return [each for each in range(1, number + 1) if number % each == 0]


def draw(number: int, count: int = 60, seed: int = 0, most: float = MOST_MACS) -> Drawn:
    """Network `number` of `count`; another seed gives other networks. `most` multiply-adds forward per batch."""
    orders = np.random.default_rng(seed)
    sizes, batches = orders.permutation(count), orders.permutation(count)
    rng = np.random.default_rng([seed, number])
    size = 5 + 2 * int(sizes[number] * 31 / count)
    batch = round(LARGEST_BATCH ** (batches[number] / max(1, count - 1)))
    shape = (int(rng.choice([1, 3, int(rng.integers(1, CHANNELS + 1))])), size, size)
    drawing = _Drawing(rng, batch, shape, most)
    if drawing.chance(0.08):
        drawing.pool()
    for _ in range(int(rng.integers(1, 5))):
        drawing.block()
    drawing.head()
    layers = tuple(drawing.layers)
    return Drawn(number, chain(shape, *layers), batch, shape, layers)
