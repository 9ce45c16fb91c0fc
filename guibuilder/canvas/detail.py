"""How much of a node is drawn at which zoom; no text ever comes out smaller than seven points."""

from enum import IntEnum


class Detail(IntEnum):
    """Levels of detail, from far to near."""

    BLOCK = 0
    FARTHER = 1
    FAR = 2
    COMPACT = 3
    SNUG = 4
    FULL = 5


_FROM = ((0.85, Detail.FULL), (0.72, Detail.SNUG), (0.6, Detail.COMPACT), (0.45, Detail.FAR), (0.3, Detail.FARTHER))


def detail_at(zoom: float) -> Detail:
    """The level for a zoom of 1.0 = 100 %."""
    return next((level for least, level in _FROM if zoom >= least - 1e-6), Detail.BLOCK)


# Lines get thicker on the canvas as it gets smaller, so that they stay lines on a projector.
THICKNESS = {Detail.BLOCK: 6.0, Detail.FARTHER: 4.4, Detail.FAR: 3.2, Detail.COMPACT: 2.6,
             Detail.SNUG: 2.2, Detail.FULL: 2.0}
