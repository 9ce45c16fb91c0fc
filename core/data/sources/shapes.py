"""Drawn shapes whose right answer is known: any size, grey or colour, turned, moved and noisy as asked."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from core.data.dataset import Array
from core.data.raw import Part, Raw, check_bytes
from core.data.silhouettes import SILHOUETTES
from core.data.streams import DRAWING, stream
from core.errors import UsageError
from core.settings import check_all, setting, settings_of

NAME = "shapes"
AT_ONCE = 2_000_000
REACH = 1.12
ON, OFF = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


@dataclass(frozen=True)
class ShapesOptions:
    """How the shapes are drawn. In a name: `shapes:size=32,colour=yes,noise=0.2,rotation=180`."""

    size: int = setting(28, "Size", "Height and width of the pictures.", low=8, high=256, unit="pixels")
    colour: bool = setting(False, "Colour", "Three channels, any colour on any dark ground; otherwise grey.")
    noise: float = setting(0.05, "Noise", "Standard deviation of the noise on every pixel.", low=0.0, high=1.0)
    rotation: float = setting(20.0, "Rotation", "The shapes are turned by up to this much either way.", low=0.0,
                              high=180.0, unit="degrees")
    train: int = setting(6000, "Training pictures", "How many pictures to train with.", low=10, high=200_000)
    test: int = setting(1000, "Test pictures", "How many pictures to test with.", low=10, high=100_000)

    def __post_init__(self) -> None:
        check_all(self)

    def name(self) -> str:
        """The name that `parse` turns into these options again; only what differs from the defaults."""
        changed = [f"{field.name}={_text(getattr(self, field.name))}" for field in dataclasses.fields(self)
                   if getattr(self, field.name) != getattr(ShapesOptions(), field.name)]
        return NAME + (":" + ",".join(changed) if changed else "")


@dataclass(frozen=True, eq=False)
class Drawn:
    """Drawn pictures N×C×H×W uint8, their class numbers, and how much of each pixel N×H×W the shape covers (0 … 1)."""

    pictures: Array
    labels: Array
    coverage: Array


def is_shapes(name: str) -> bool:
    """Whether a data set's name asks for drawn shapes."""
    return name == NAME or name.startswith(NAME + ":")


def parse(name: str) -> ShapesOptions:
    """The options in a name such as `shapes:size=32,colour=yes`; UsageError for what is unknown or out of range."""
    known = settings_of(ShapesOptions)
    values: dict[str, float | str] = {}
    for piece in filter(None, name.partition(":")[2].split(",")):
        key, _, text = (word.strip() for word in piece.partition("="))
        key = {"color": "colour"}.get(key, key)
        if key not in known:
            raise UsageError(f"Shapes have no option {key!r}; there are {', '.join(known)}.")
        values[key] = _value(known[key].kind, text)
    return ShapesOptions(**values)  # type: ignore[arg-type]


def load_shapes(options: ShapesOptions, seed: int) -> Raw:
    """A training and a test part, drawn; the same options and seed give the same pictures."""
    channels = 3 if options.colour else 1
    check_bytes((options.train + options.test) * channels * options.size**2, "That many shapes of that size")
    parts = [Part(drawn.pictures, drawn.labels) for drawn in
             (draw(options, count, seed, part) for part, count in (("train", options.train), ("test", options.test)))]
    return Raw(f"Drawn shapes {options.size}×{options.size}", parts[0], parts[1], classes=tuple(SILHOUETTES),
               source="drawn by guibuilder", licence="free of rights",
               notes=(f"The shapes are drawn with seed {seed}.",) if seed else ())


def draw(options: ShapesOptions, count: int, seed: int, part: str = "train") -> Drawn:
    """`count` shapes, every class equally often in a random order, each with its own place, size, turn and shades."""
    chance = stream(seed, DRAWING, part)
    labels = chance.permutation(np.arange(count, dtype=np.int64) % len(SILHOUETTES))
    side, channels = options.size, 3 if options.colour else 1
    pictures = np.empty((count, channels, side, side), np.uint8)
    coverage = np.empty((count, side, side), np.float32)
    step = max(1, AT_ONCE // side**2)
    for start in range(0, count, step):
        rows = slice(start, min(start + step, count))
        coverage[rows] = _cover(labels[rows], options, chance)
        pictures[rows] = _paint(coverage[rows], options, chance)
    return Drawn(pictures, labels, coverage)


def _cover(labels: Array, options: ShapesOptions, chance: np.random.Generator) -> Array:
    """How much of each pixel the shapes cover: the distance to the outline, cut off half a pixel either side."""
    count, side = len(labels), options.size
    radius = side * chance.uniform(0.28, 0.42, count)
    # Corners reach a little beyond the radius, and no shape may leave the picture.
    free = np.maximum(side / 2 - 1 - REACH * radius, 0)
    middle = side / 2 + free[:, None] * chance.uniform(-1, 1, (count, 2))
    turn = np.deg2rad(chance.uniform(-options.rotation, options.rotation, count))
    cos, sin = (_float(f(turn) / radius)[:, None, None] for f in (np.cos, np.sin))
    pixel = np.arange(side, dtype=np.float32) + np.float32(0.5)
    dx = pixel[None, None, :] - _float(middle[:, 1])[:, None, None]
    dy = pixel[None, :, None] - _float(middle[:, 0])[:, None, None]
    x, y = cos * dx + sin * dy, cos * dy - sin * dx
    covered: Array = np.empty((count, side, side), np.float32)
    for number, distance in enumerate(SILHOUETTES.values()):
        rows = labels == number
        covered[rows] = distance(x[rows], y[rows]) * _float(radius[rows])[:, None, None]
    return np.clip(np.float32(0.5) - covered, 0, 1)


def _paint(coverage: Array, options: ShapesOptions, chance: np.random.Generator) -> Array:
    """Shape and ground in their shades, light falling from one side, noise; uint8 N×C×H×W."""
    count, side = len(coverage), options.size
    ground, shape = _shades(count, chance, colour=options.colour)
    across = np.linspace(-1, 1, side, dtype=np.float32)
    angle = _float(chance.uniform(0, 2 * np.pi, count))[:, None, None]
    light = 1 + np.float32(0.15) * (np.cos(angle) * across[None, None, :] + np.sin(angle) * across[None, :, None])
    mixed = ground[:, :, None, None] + (shape - ground)[:, :, None, None] * coverage[:, None]
    values = mixed * light[:, None]
    if options.noise:
        values += np.float32(options.noise) * chance.standard_normal(values.shape, np.float32)
    pixels: Array = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    return pixels


def _shades(count: int, chance: np.random.Generator, *, colour: bool) -> tuple[Array, Array]:
    """The shades of ground and shape, N×C: a dark ground, a bright shape, in colour of two different hues."""
    dark, bright = chance.uniform(0.02, 0.22, count), chance.uniform(0.65, 0.98, count)
    if not colour:
        return _float(dark)[:, None], _float(bright)[:, None]
    hue = chance.uniform(0, 1, count)
    ground = _rgb(hue + chance.uniform(0.25, 0.75, count), chance.uniform(0.2, 0.8, count), 1.4 * dark)
    return ground, _rgb(hue, chance.uniform(0.35, 0.95, count), bright)


def _rgb(hue: Array, saturation: Array, value: Array) -> Array:
    """Hue, saturation, value (0 … 1, N each) as N×3 red, green, blue."""
    wheel = np.abs((hue[:, None] + np.array([1.0, 2 / 3, 1 / 3])) % 1.0 * 6 - 3) - 1
    return _float(value[:, None] * (1 - saturation[:, None] * (1 - np.clip(wheel, 0, 1))))


def _float(values: Array) -> Array:
    return values.astype(np.float32)


def _text(value: float | bool) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else f"{value:g}"


def _value(kind: str, text: str) -> float | str:
    if kind == "bool":
        return True if text.lower() in ON else False if text.lower() in OFF else text
    try:
        return int(text) if kind == "int" else float(text)
    except ValueError:
        return text
