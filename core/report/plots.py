"""Curves over the epochs as SVG."""

import math
from collections.abc import Mapping, Sequence

from core.drawing.markup import element, escaped, number, text

WIDTH, HEIGHT = 460.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 12.0, 26.0, 36.0
# Blue and orange differ for every kind of colour blindness; the second line is dashed as well.
_LOOKS = (("#0B63B0", ""), ("#B45309", "6 4"))
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
Line = Sequence[tuple[float, float | None]]


def curves(title: str, lines: Mapping[str, Line]) -> str:
    """Lines over epochs with axes and a legend; empty where there is no number at all."""
    drawn = {name: [(x, y) for x, y in line if y is not None and math.isfinite(y)] for name, line in lines.items()}
    drawn = {name: points for name, points in drawn.items() if points}
    if not drawn:
        return ""
    xs = [x for points in drawn.values() for x, _ in points]
    ys = [y for points in drawn.values() for _, y in points]
    across, up = _Axis(min(xs), max(xs), _LEFT, WIDTH - _RIGHT), _Axis(min(ys), max(ys), HEIGHT - _BOTTOM, _TOP)
    parts = [element("title", escaped(title)), text(title, _LEFT, 14, font_weight=600), *_grid(across, up)]
    for place, (name, points) in enumerate(drawn.items()):
        colour, dashes = _LOOKS[place % len(_LOOKS)]
        path = " ".join(f"{number(across.place(x))},{number(up.place(y))}" for x, y in points)
        parts.append(element("polyline", points=path, stroke_dasharray=dashes or "none", fill="none", stroke=colour,
                             stroke_width=2))
        if len(points) == 1:
            parts.append(element("circle", cx=across.place(points[0][0]), cy=up.place(points[0][1]), r=3, fill=colour))
        parts.append(text(name, WIDTH - _RIGHT - 90 * (len(drawn) - 1 - place), 14, fill=colour, text_anchor="end"))
    return element("svg", "".join(parts), viewBox=f"0 0 {number(WIDTH)} {number(HEIGHT)}", width=WIDTH, height=HEIGHT,
                   role="img", font_size=12)


class _Axis:
    """Numbers from `low` to `high` on pixels from `start` to `end`."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        if low == high:
            low, high = low - 0.5, high + 0.5
        self.low, self.high, self.start, self.end = low, high, start, end

    def place(self, value: float) -> float:
        """Where a number lies, in pixels."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, wanted: int, *, whole: bool = False) -> list[float]:
        """Round numbers on the axis, about as many as wanted."""
        rough = (self.high - self.low) / wanted
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(each * power for each in _STEPS if each * power >= rough * 0.999)
        step = max(1.0, round(step)) if whole else step
        first = math.ceil(self.low / step - 1e-9)
        return [count * step for count in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _grid(across: _Axis, up: _Axis) -> list[str]:
    found = []
    for value in up.ticks(4):
        y = up.place(value)
        found.append(element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, stroke="#D9DEE5"))
        found.append(text(f"{value:g}", _LEFT - 6, y + 4, text_anchor="end", fill="#566375"))
    for value in across.ticks(6, whole=True):
        found.append(text(f"{value:g}", across.place(value), HEIGHT - _BOTTOM + 16, text_anchor="middle",
                          fill="#566375"))
    found.append(text("epochs", WIDTH - _RIGHT, HEIGHT - 4, text_anchor="end", fill="#566375"))
    return found
