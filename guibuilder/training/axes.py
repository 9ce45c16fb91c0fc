"""The axes of the curves: few ticks, whole epochs, per cent with their sign."""

import math
from typing import cast

import pyqtgraph
from PySide6.QtCore import QRectF


class EpochAxis(pyqtgraph.AxisItem):
    """Whole epochs only; the unit stands where 0 would be."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=-4, hideOverlappingLabels=False)

    def boundingRect(self) -> QRectF:
        """With room for the unit at the left end."""
        return super().boundingRect().adjusted(-30, 0, 30, 0)

    def tickSpacing(self, least: float, most: float, size: float) -> list[tuple[float, float]]:
        """One level of ticks, about 30 pixels apart: every 1, 2, 5, 10 … epochs."""
        return [(nice_step((most - least) * 30 / max(size, 1)), 0.0)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Numbers, grouped."""
        return [f"{round(value):,}" if value > 0 else "epoch" for value in values]


class ValueAxis(pyqtgraph.AxisItem):
    """Losses, or shares in per cent, about 32 pixels apart."""

    def __init__(self, side: str, share: bool) -> None:
        super().__init__(side)
        self._share, self.logarithmic = share, False
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=-4, hideOverlappingLabels=False)

    def tickSpacing(self, least: float, most: float, size: float) -> list[tuple[float, float]]:
        """One level of ticks: tenths, quarters or halves of 100 %, or steps of 1, 2, 5 and their tens."""
        wanted = (most - least) * max(32 / max(size, 1), 1 / 7)
        if self._share:
            return [(next((step for step in (0.1, 0.25, 0.5) if step >= wanted), 1.0), 0.0)]
        return [(nice_step(wanted, least=0.0), 0.0)]

    def tickValues(self, least: float, most: float, size: float) -> list[tuple[float, list[float]]]:
        """On a logarithmic axis 1, 2 and 5 of each power of ten where there is room, else the powers alone."""
        if not self.logarithmic:
            return cast(list[tuple[float, list[float]]], super().tickValues(least, most, size))
        powers = range(math.floor(least), math.ceil(most) + 1)
        fine = (most - least) * 3 * 24 < size
        found = [power + math.log10(digit) for power in powers for digit in ((1, 2, 5) if fine else (1,))]
        return [(1.0, [value for value in found if least <= value <= most])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """"75 %", or a loss with as many digits as the steps need."""
        if self._share:
            return [f"{round(value * 100)} %" for value in values]
        if self.logarithmic:
            return [f"{10**value:,.8f}".rstrip("0").rstrip(".") for value in values]
        digits = max(0, -math.floor(math.log10(spacing))) if spacing < 1 else 0
        return [f"{value:,.{digits}f}" for value in values]


def nice_step(wanted: float, least: float = 1.0) -> float:
    """The smallest of 1, 2, 5, 10, 20 … (or their tenths, hundredths) that is not below `wanted`."""
    wanted = max(wanted, least, 1e-12)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * 0.999)
