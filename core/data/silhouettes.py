"""Outlines of simple shapes as signed distances: negative inside, in units of the shape's radius."""

from collections.abc import Callable

import numpy as np

from core.data.dataset import Array


def _polygon(*corners: tuple[float, float]) -> Callable[[Array, Array], Array]:
    """The signed distance to a closed polygon: nearest edge, sign by counting the edges a ray to the right crosses."""
    def distance(x: Array, y: Array) -> Array:
        nearest = np.full_like(x, np.inf)
        inside = np.zeros(x.shape, bool)
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            ex, ey = bx - ax, by - ay
            px, py = x - np.float32(ax), y - np.float32(ay)
            along = np.clip((px * np.float32(ex) + py * np.float32(ey)) / np.float32(ex * ex + ey * ey), 0, 1)
            gap = np.square(px - np.float32(ex) * along) + np.square(py - np.float32(ey) * along)
            np.minimum(nearest, gap, out=nearest)
            if ey:
                inside ^= ((y >= ay) != (y >= by)) & (px < py * np.float32(ex / ey))
        root = np.sqrt(nearest)
        return np.where(inside, -root, root)

    return distance


def _circle(x: Array, y: Array) -> Array:
    return np.hypot(x, y) - np.float32(0.86)


def _ring(x: Array, y: Array) -> Array:
    return np.abs(np.hypot(x, y) - np.float32(0.70)) - np.float32(0.22)


def _crescent(x: Array, y: Array) -> Array:
    return np.maximum(np.hypot(x + np.float32(0.1), y) - np.float32(0.94),
                      np.float32(0.80) - np.hypot(x - np.float32(0.36), y))


def _heart(corners: int = 40) -> tuple[tuple[float, float], ...]:
    t = np.arange(corners) * (2 * np.pi / corners)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return tuple(zip((x / 17.0).tolist(), ((y + 1.0) / 16.5).tolist(), strict=True))


def _star(points: int, outer: float, inner: float) -> tuple[tuple[float, float], ...]:
    angle = np.arange(2 * points) * (np.pi / points) - np.pi / 2
    radius = np.where(np.arange(2 * points) % 2, inner, outer)
    return tuple(zip((radius * np.cos(angle)).tolist(), (radius * np.sin(angle)).tolist(), strict=True))


_A, _B = 0.32, 0.95
_CROSS = ((-_A, -_B), (_A, -_B), (_A, -_A), (_B, -_A), (_B, _A), (_A, _A), (_A, _B), (-_A, _B), (-_A, _A), (-_B, _A),
          (-_B, -_A), (-_A, -_A))
_ARROW = ((0.0, -1.0), (0.78, -0.12), (0.30, -0.12), (0.30, 0.95), (-0.30, 0.95), (-0.30, -0.12), (-0.78, -0.12))
_BOLT = ((0.30, -1.05), (-0.62, 0.18), (-0.06, 0.18), (-0.36, 1.05), (0.62, -0.26), (0.06, -0.26))

# In alphabetical order, which is also the order of the classes.
SILHOUETTES: dict[str, Callable[[Array, Array], Array]] = {
    "arrow": _polygon(*_ARROW),
    "bolt": _polygon(*_BOLT),
    "circle": _circle,
    "crescent": _crescent,
    "cross": _polygon(*_CROSS),
    "heart": _polygon(*_heart()),
    "ring": _ring,
    "square": _polygon((-0.74, -0.74), (0.74, -0.74), (0.74, 0.74), (-0.74, 0.74)),
    "star": _polygon(*_star(5, 1.08, 0.46)),
    "triangle": _polygon((0.0, -0.98), (0.92, 0.62), (-0.92, 0.62)),
}
