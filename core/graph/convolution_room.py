"""The working room of the engine's convolutions: packed filters, sums of gradients, frames and scratch."""

import math
from dataclasses import dataclass, field

from core.layers.base import Layer, Shape
from core.layers.conv2d import Conv2D

LANES = 16
_POSITIONS = 36
_BLOCK = 4
_WORTH_BLOCKS = 0.6
_FEW_CHANNELS, _FILTERS, _FEW_WEIGHTS = 4, 3, 16
_LEAST_ABREAST, _MOST_WEIGHTS, _MOST_NUMBERS = (3, 6), 32 * 32, 40 * 40 * 32
_COLOURS, _LARGEST_MAP = (1, 3), 64 * 64
_CACHE_FLOATS = 96 * 1024
_POINTWISE_CHANNELS, _BLOCK_FLOATS, _LEAST_PIXELS, _MOST_PIXELS = 8, 12 * 1024, 72, 480
_MANY, _FEWEST_PARTS, _LARGE, _SUMS = 32_768, 3, 4096, 4096
_WORTH_WINDOWS, _ENOUGH_WINDOWS = 1.5, 48
_FEW_DOTS, _LONG_DOTS = 4, 4
_LEAST_TILES, _WANTED_TILES, _MOST_TILES, _TILE_NUMBERS, _TILE_ROWS = 32, 64, 128, 6400, 2


@dataclass(frozen=True)
class Room:
    """Numbers of 4 bytes: for each part of a batch, once, and for each thread.

    A thread works on up to `group` pictures at a time, or `of_part` where a part of a batch has so many. For each it
    has a `frame` of the layer's own, and `scratch` that it shares between layers; `matrix` is shared too, but does not
    grow with the pictures, and only a `block` of it is there where a part is worked on at once. `sums` are those of the
    weights' gradients: each part has its own, but for many, which parts add up in turn; `alike` then in the gradient.
    `few` are first layers of few filters.
    """

    part: int = 0
    sums: int = 0
    packed: int = 0
    alike: bool = False
    group: int = 1
    frame: int = 0
    scratch: dict[str, int] = field(default_factory=dict)
    matrix: int = 0
    block: int = 0
    few: bool = False
    of_part: int = 1

    def together(self, part: int) -> int:
        """Pictures that a thread works on at a time, for parts of so many."""
        return max(self.group, min(self.of_part, part))

    def in_turn(self, parts: int) -> bool:
        """Whether parts add up their sums one after the other."""
        return self.sums >= _MANY and parts >= _FEWEST_PARTS

    def summing(self, part: int) -> int:
        """What a thread sums gradients in, for parts of so many pictures."""
        return self.matrix if self.together(part) < part else self.block

    def once(self, parts: int) -> int:
        """Numbers that do not hang on threads."""
        if self.in_turn(parts):
            return self.part * parts + self.packed + (0 if self.alike else self.sums)
        return (self.part + self.sums) * parts + self.packed


def room_abreast(layer: Layer, shape: Shape, pool: bool, first: bool = False) -> Room | None:
    """The room of a Conv2D in batches of at least a vector of pictures where it is another than in smaller ones."""
    assert isinstance(layer, Conv2D)
    if not _by_lanes_of_pictures(layer, shape):
        return None
    return _abreast(layer, shape, layer.window().output(*shape[1:]), pool, first)


def few_abreast(layer: Layer, shape: Shape, room: Room) -> Room:
    """The room of a first layer of few filters where others have their pictures side by side."""
    assert isinstance(layer, Conv2D)
    if not room.few:
        return room
    height, width = layer.window().output(*shape[1:])
    weights, made = shape[0] * layer.filters * layer.kernel[0] * layer.kernel[1], height * width // 4 * layer.filters
    own = _padded_pixels(layer, shape) * shape[0] + made + 2 * width * layer.filters + weights
    return Room(weights + layer.filters, 0, weights, False, 1, own * LANES)


def room_for(layer: Layer, shape: Shape, relu: bool, pool: bool, first: bool = False) -> Room:
    """The room of a Conv2D on an input of that shape; `relu` and `pool` run in the same step.

    `first`: no gradient goes to its input.
    """
    assert isinstance(layer, Conv2D)
    height, width = layer.window().output(*shape[1:])
    if layer.groups > 1 and shape[0] // layer.groups * (layer.filters // layer.groups) <= _FEW_WEIGHTS:
        return _by_lanes(layer, shape, height * width, relu or pool)
    if layer.groups > 1 or layer.dilation != (1, 1):
        return _split(layer, shape, height * width, relu or pool)
    blocks = (-(-height // _BLOCK), -(-width // _BLOCK))
    if first and pool and layer.stride == (1, 1) and layer.filters < LANES and shape[0] <= _FEW_CHANNELS:
        return _few_filters(layer, shape, (height, width))
    if _is_pointwise(layer, shape):
        return _pointwise(layer, shape[0], height * width, relu, pool)
    whole = all(count >= LANES and count % LANES == 0 for count in (shape[0], layer.filters))
    full = height * width / (_BLOCK * _BLOCK * blocks[0] * blocks[1])
    if whole and layer.kernel == (3, 3) and layer.stride == (1, 1) and full >= _WORTH_BLOCKS:
        return _in_blocks(layer, shape[0], blocks)
    if layer.filters <= _FEW_DOTS and layer.kernel[1] * shape[0] >= _LONG_DOTS * LANES:
        return _by_dots(layer, shape, height * width, relu or pool)
    return _direct(layer, shape, (height, width), pool or (relu and not (first and _in_registers(layer, shape))))


def sampled(layer: Layer, shape: Shape) -> int:
    """Numbers of the pixels that a Conv2D of one pixel with a stride sees of its input; 0 where it is no such layer."""
    assert isinstance(layer, Conv2D)
    if layer.groups > 1 or layer.stride == (1, 1) or not _is_pointwise(layer, shape):
        return 0
    return shape[0] * math.prod(layer.window().output(*shape[1:]))


def _in_registers(layer: Conv2D, shape: Shape) -> bool:
    """Whether a first layer's taps all stay in registers, and its gradient passes ReLU there."""
    taps = layer.kernel == (3, 3) and layer.stride == (1, 1) and shape[0] in _COLOURS
    return taps and layer.filters % LANES == 0 and math.prod(shape[1:]) <= _LARGEST_MAP


def _padded_pixels(layer: Conv2D, shape: Shape) -> int:
    top, left, bottom, right = layer.window().padded(*shape[1:])
    return (shape[1] + top + bottom) * (shape[2] + left + right)


def _whole_lanes(count: int) -> int:
    return -(-count // LANES) * LANES


def _by_lanes(layer: Conv2D, shape: Shape, pixels: int, joined: bool) -> Room:
    """Small groups: frames hold a group's channels once for each filter, going back the other way round."""
    channels, filters = shape[0] // layer.groups, layer.filters // layer.groups
    area, length = _padded_pixels(layer, shape), _whole_lanes(layer.filters)
    frame, back, made = area * length * channels, area * _whole_lanes(shape[0]) * filters, pixels * layer.filters
    part = layer.kernel[0] * layer.kernel[1] * channels * length
    group = max(1, _CACHE_FLOATS // max(made, frame))
    if channels == filters == 1 and layer.filters > LANES // 2 and area == shape[1] * shape[2]:
        frame = 0  # The picture itself will do.
    scratch = ({"frame": frame} if frame else {}) | ({"maps": made} if joined else {})
    return Room(part + length, 0, 2 * part, False, group, frame + back, scratch)


def _split(layer: Conv2D, shape: Shape, pixels: int, joined: bool) -> Room:
    """One ordinary convolution for each group, whose channels lie together in a frame, as columns do under dilation.

    Groups of few filters share a plane of the frame; and all windows are copied out where they are hardly more.
    """
    area, made, outputs = _padded_pixels(layer, shape), pixels * layer.filters, layer.filters // layer.groups
    taps, inputs = layer.kernel[0] * layer.kernel[1], shape[0] // layer.groups
    if layer.groups == 1 and pixels * taps <= _WORTH_WINDOWS * area:
        return _windows(layer, shape, pixels, joined)
    together = max(1, min(layer.groups, LANES // outputs))
    planes = -(-layer.groups // together)
    channels = planes * together * inputs
    frame, part = area * channels, taps * channels * _whole_lanes(together * outputs)
    scratch = {"frame": frame} | ({"maps": made} if joined else {})
    return Room(layer.filters, part, 2 * part, False, max(1, _CACHE_FLOATS // max(made, frame)), frame, scratch)


def _windows(layer: Conv2D, shape: Shape, pixels: int, joined: bool) -> Room:
    """Windows one by one, as rows of a matrix, of several pictures of a part of a batch."""
    made, depth = pixels * layer.filters, layer.kernel[0] * layer.kernel[1] * shape[0]
    packed, frame = depth * _whole_lanes(layer.filters), pixels * depth
    scratch = {"frame": frame} | ({"maps": made} if joined else {})
    group = max(1, _CACHE_FLOATS // max(made, frame), -(-_ENOUGH_WINDOWS // pixels))
    return Room(_whole_lanes(layer.filters), packed, packed + depth * layer.filters, layer.filters % LANES == 0, group,
                frame, scratch)


def _is_pointwise(layer: Conv2D, shape: Shape) -> bool:
    plain = layer.kernel == (1, 1) and not any(layer.window().padded(*shape[1:]))
    return plain and shape[0] >= _POINTWISE_CHANNELS and 2 * layer.filters > LANES


def _pointwise(layer: Conv2D, channels: int, pixels: int, relu: bool, pool: bool) -> Room:
    """As one matrix product: filters in panels both ways, and a block of gradients for each thread."""
    filters, made = layer.filters, pixels * layer.filters
    block = min(max(_BLOCK_FLOATS // (channels + filters), _LEAST_PIXELS), _MOST_PIXELS)
    packed = channels * _whole_lanes(filters) + filters * _whole_lanes(channels)
    gated = block * filters if relu and not pool else 0
    return Room(_whole_lanes(filters), channels * filters, packed, True, max(1, _CACHE_FLOATS // made), 0,
                {"maps": made} if pool else {}, gated, gated)


def _few_filters(layer: Conv2D, shape: Shape, out: tuple[int, int]) -> Room:
    """Pixels in the lanes: sums for each lane, and a picture's windows for each thread."""
    filters = -(-layer.filters // _FILTERS) * _FILTERS
    weights = filters * shape[0] * layer.kernel[0] * layer.kernel[1]
    windows = filters * (out[0] // 2) * _whole_lanes(out[1] // 2)
    frame = _padded_pixels(layer, shape) * shape[0] + 4 * windows
    return Room((weights + filters) * LANES, 0, weights, False, 1, frame, few=True)


def _in_blocks(layer: Conv2D, channels: int, blocks: tuple[int, int]) -> Room:
    """By Winograd's 4×4 blocks: filters as 36 positions, forward and backward."""
    filters, tiles = layer.filters, blocks[0] * blocks[1]
    positions, matrix = _POSITIONS * tiles, channels * filters
    scratch = {"data": positions * channels, "product": positions * max(channels, filters),
               "gradient": positions * filters}
    group = _pictures(tiles, max(channels, filters))
    block = filters * min(channels, max(LANES, _SUMS // filters // LANES * LANES))
    packed = _POSITIONS * matrix * (1 if matrix >= _LARGE else 2) + 9 * LANES * LANES
    return Room(filters, 9 * matrix, packed, True, group, 0, scratch, _POSITIONS * matrix, _POSITIONS * block,
                of_part=_WANTED_TILES // tiles)


def _pictures(tiles: int, channels: int) -> int:
    """Pictures worked on together: enough tiles, whole register tiles, little memory."""
    least = -(-_LEAST_TILES // tiles)
    most = max(least, min(_MOST_TILES, _TILE_NUMBERS // channels) // tiles)

    def idle(count: int) -> float:
        return -(-count * tiles // _TILE_ROWS) * _TILE_ROWS / (count * tiles)

    return min(range(most, least - 1, -1), key=idle)


def _by_lanes_of_pictures(layer: Conv2D, shape: Shape) -> bool:
    """Whether pictures lie side by side: 5×5 filters, but not many of them, whose blocks of outputs are mostly full."""
    if layer.kernel != (5, 5) or layer.stride != (1, 1) or layer.dilation != (1, 1) or layer.groups > 1:
        return False
    height, width = layer.window().output(*shape[1:])
    used = height * width / (4 * -(-height // 2) * -(-width // 2))
    few = shape[0] * layer.filters <= _MOST_WEIGHTS and shape[0] * shape[1] * shape[2] <= _MOST_NUMBERS
    return few and used >= _WORTH_BLOCKS and shape[0] >= _LEAST_ABREAST[0] and layer.filters >= _LEAST_ABREAST[1]


def _abreast(layer: Conv2D, shape: Shape, out: tuple[int, int], pool: bool, first: bool) -> Room:
    """Pictures side by side: a frame for a vector of them, filters as positions, sums of their gradients as well."""
    channels, filters, (height, width) = shape[0], layer.filters, out
    rows, line = height + 4 + height % 2, width + 4 + width % 2
    weights, made = channels * filters, height * width * filters // (4 if pool else 1)
    wide, frame, biases = -(-width // 2), rows * line * channels * LANES, _whole_lanes(filters)
    vectors = {"columns": 6 * line * channels, "positions": wide * _POSITIONS * channels, "outputs": made + LANES,
               "gradients": made + LANES, "slopes": wide * 12 * filters, "sums": _POSITIONS * weights + biases,
               "products": 0 if first else _POSITIONS * channels, "back": 0 if first else rows * line * channels}
    scratch = {name: count * LANES for name, count in vectors.items()}
    return Room(_POSITIONS * weights + biases, 0, (3 - first) * _POSITIONS * weights, False, 1, frame, scratch)


def _by_dots(layer: Conv2D, shape: Shape, pixels: int, joined: bool) -> Room:
    """A few filters, whose rows are taken whole: nothing is filled up to vectors."""
    weights, made = layer.filters * shape[0] * layer.kernel[0] * layer.kernel[1], pixels * layer.filters
    area = _padded_pixels(layer, shape) * shape[0]
    frame = area if any(layer.window().padded(*shape[1:])) else 0
    scratch = {"frame": frame} | ({"maps": made} if joined else {})
    return Room(LANES + weights, 0, 2 * weights, False, max(1, _CACHE_FLOATS // max(made, area)), frame, scratch)


def _direct(layer: Conv2D, shape: Shape, out: tuple[int, int], joined: bool) -> Room:
    """Through register tiles: rows of filters up to whole vectors, several pixels in one where filters are few."""
    (down, across), filters, channels = layer.kernel, layer.filters, shape[0]
    pads = layer.window().padded(*shape[1:])
    fitting = range(1, max(1, min(LANES // filters, out[1])) + 1)
    pixels = min(fitting, key=lambda count: -(-out[1] // count) * (across + (count - 1) * layer.stride[1]))
    widened = (across + (pixels - 1) * layer.stride[1]) * channels
    rows = down * widened * (-(-pixels * filters // LANES) * LANES)
    area = (shape[1] + pads[0] + pads[2]) * (shape[2] + pads[1] + pads[3]) * channels
    made = out[0] * out[1] * filters
    frame = area if any(pads) else 0
    scratch = {"frame": frame} | ({"maps": made} if joined else {})
    part, packed = -(-filters // LANES) * LANES, rows + down * filters * across * channels
    alike = pixels == 1 and filters % LANES == 0
    return Room(part, rows, packed, alike, max(1, _CACHE_FLOATS // max(made, area)), frame, scratch)
