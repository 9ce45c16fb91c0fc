"""One plot of a training: batches faint, their running mean solid blue, validation dashed orange with marks.

Only this file and its axes import pyqtgraph. At most 500 points a curve are drawn: thick antialiased lines through all
batches would take seconds a frame.
"""

import time

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsPolygonItem, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from guibuilder.theme import Colours, Theme
from guibuilder.training.axes import EpochAxis, ValueAxis
from guibuilder.training.history import Curve, Figures, Points
from guibuilder.training.legend import Legend
from guibuilder.training.words import loss_words, share_words

# How often the words for screen readers are made anew, in seconds.
TELL_INTERVAL = 1.0
MOST_MARKS = 60
HEAD = 18
LEAST_LOSS = 1e-6
WHOLE = 1.04  # room for the word "100 %" at its line


class Plot(QWidget):
    """One plot with its caption, its legend with the newest values, and a vertical line at the place pointed at."""

    pointed = Signal(object)
    rescaled = Signal()

    def __init__(self, name: str, title: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self._theme = name, theme
        self._share = name == "accuracy"
        self._room, self._told = (0.0, (0.0, 0.0)), (0, 0.0)
        caption = QLabel(title)
        caption.setProperty("caption", True)
        self.legend = Legend(theme)
        axes = {"bottom": EpochAxis("bottom"), "left": ValueAxis("left", self._share)}
        self.view = pyqtgraph.PlotWidget(self, axisItems=axes)
        self._item = self.view.getPlotItem()
        head = QHBoxLayout()
        head.addWidget(caption)
        head.addWidget(self.legend, 1)
        self.log = QToolButton()
        self.log.setText("log")
        self.log.setCheckable(True)
        self.log.setToolTip("Logarithmic scale: shows small losses as clearly as large ones")
        self.log.setAccessibleName("Logarithmic scale")
        self.log.setVisible(not self._share)
        self.log.toggled.connect(self._change_scale)
        head.addWidget(self.log)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)
        self._train = pyqtgraph.PlotCurveItem(antialias=True)
        # pyqtgraph's own FillBetweenItem takes 3 ms for each change of either of its curves.
        self._band = QGraphicsPolygonItem()
        self._raw = pyqtgraph.PlotCurveItem()
        self._validation = pyqtgraph.PlotDataItem(antialias=True, pxMode=True)
        self._line = pyqtgraph.InfiniteLine(angle=90, movable=False)
        for item in (self._band, self._raw, self._train, self._validation, self._line):
            self._item.addItem(item, ignoreBounds=True)
        self._set_up()
        theme.changed.connect(self._recolour)
        self._recolour()

    def _set_up(self) -> None:
        item = self._item
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(False, False)
        item.setContentsMargins(0, 1, 6, 0)
        item.getViewBox().setRange(xRange=(0, 1), yRange=(0.0, WHOLE if self._share else 1.0), padding=0)
        self._line.hide()
        self.view.setFrameShape(pyqtgraph.PlotWidget.Shape.NoFrame)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setMinimumSize(120, 90)
        self.view.scene().sigMouseMoved.connect(self._moved)
        self.view.setAccessibleName(f"{self.name.capitalize()} curve")

    def _recolour(self) -> None:
        colours = self._theme.colours
        self.log.setStyleSheet(f"padding: 0 5px; margin: 0; font-size: {round(11 * self._theme.scale)}px")
        blue, orange = line_colours(colours)
        self._train.setPen(pyqtgraph.mkPen(blue, width=2))
        self._validation.setPen(pyqtgraph.mkPen(orange, width=2, style=Qt.PenStyle.DashLine))
        self._validation.setSymbolPen(pyqtgraph.mkPen(QColor(colours.panel), width=1))
        self._validation.setSymbolBrush(pyqtgraph.mkBrush(orange))
        faint = QColor(blue)
        faint.setAlphaF(0.16)
        self._band.setBrush(pyqtgraph.mkBrush(faint))
        faint.setAlphaF(0.35)
        self._raw.setPen(pyqtgraph.mkPen(faint, width=1))
        self._band.setPen(QPen(Qt.PenStyle.NoPen))
        self._line.setPen(pyqtgraph.mkPen(QColor(colours.soft), width=1))
        self.view.setBackground(colours.panel)
        self._item.getViewBox().setBackgroundColor(QColor(colours.canvas))
        self._item.getViewBox().setBorder(pyqtgraph.mkPen(QColor(colours.hairline), width=1))
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(QColor(colours.hairline)))
            axis.setTextPen(pyqtgraph.mkPen(QColor(colours.soft)))
            axis.setStyle(tickFont=self._theme.font(11))
        self.log.setFont(self._theme.font(11))
        for widget in (self.legend, self.log):
            widget.setFixedHeight(round(HEAD * self._theme.scale))
        self._item.getAxis("left").setWidth(round(40 * self._theme.scale))
        self._item.getAxis("bottom").setHeight(round(20 * self._theme.scale))

    def draw(self, figures: Figures, epochs: float) -> None:
        """Show the figures of a run that is to last `epochs`."""
        band = getattr(figures, self.name)
        train, validation = figures.train(self.name), figures.validation(self.name)
        if len(band) > 1:
            x, mean, least, most = band.points()
            edge = self._place(np.concatenate((least, most[::-1])))
            self._band.setPolygon(pyqtgraph.functions.arrayToQPolygonF(np.concatenate((x, x[::-1])), edge))
            self._raw.setData(x, self._place(mean))
        for item in (self._band, self._raw):
            item.setVisible(len(band) > 1)
        self._train.setData(train.x, self._place(train.y))
        shown = _thinned(validation)
        marks = "d" if len(shown.x) <= MOST_MARKS else None
        self._validation.setData(shown.x, self._place(shown.y), symbol=marks, symbolSize=8)
        ends = (0.0, WHOLE) if self._share else _ends(train, validation, self.log.isChecked())
        if (epochs, ends) != self._room:
            self._room = (epochs, ends)
            self._item.getViewBox().setRange(xRange=(0, max(epochs, 1)), yRange=ends, padding=0)
        self.legend.show_values(self._words(train.last), self._words(validation.last))
        told = (len(figures.epochs), time.monotonic() // TELL_INTERVAL)
        if told != self._told:
            self._told = told
            self.view.setAccessibleDescription(self.summary(train, validation))

    def _place(self, values: Points) -> Points:
        """Where values lie on the axis."""
        return np.log10(np.maximum(values, LEAST_LOSS)) if self.log.isChecked() else values

    def _change_scale(self, logarithmic: bool) -> None:
        axis = self._item.getAxis("left")
        axis.logarithmic = logarithmic
        axis.picture = None
        axis.update()
        self.rescaled.emit()

    def _words(self, value: float | None) -> str:
        return share_words(value) if self._share else loss_words(value)

    def summary(self, train: Curve, validation: Curve) -> str:
        """The curve in a sentence: newest value, direction, best."""
        parts = [self._sentence(name, curve) for name, curve in (("train", train), ("validation", validation))
                 if curve.last is not None]
        return " ".join(parts) or f"No {self.name} yet."

    def _sentence(self, which: str, curve: Curve) -> str:
        at = int(np.argmax(curve.y) if self._share else np.argmin(curve.y))
        earlier = float(curve.y[-1 - max(1, len(curve.y) // 10)]) if len(curve.y) > 1 else float(curve.y[-1])
        change = float(curve.y[-1]) - earlier
        way = "level" if abs(change) < 0.01 * max(abs(earlier), 1e-9) else ("rising" if change > 0 else "falling")
        return (f"{which.capitalize()} {self.name} {self._words(curve.last)}, {way}, best "
                f"{self._words(float(curve.y[at]))} at epoch {curve.x[at]:.3g}.")

    # pointing ---------------------------------------------------------------------------------------------------

    def _moved(self, place: QPointF) -> None:
        inside = self._item.getViewBox().sceneBoundingRect().contains(place)
        self.pointed.emit(self._item.getViewBox().mapSceneToView(place).x() if inside else None)

    def point_at(self, x: float | None, figures: Figures) -> None:
        """Show the values at an epoch, or the newest ones again."""
        self._line.setVisible(x is not None)
        train, validation = figures.train(self.name), figures.validation(self.name)
        if x is None:
            self.legend.show_values(self._words(train.last), self._words(validation.last))
            return
        self._line.setValue(x)
        self.legend.show_values(self._words(_at(train, x)), self._words(_at(validation, x)), f"epoch {x:.1f}")


def line_colours(colours: Colours) -> tuple[str, str]:
    """The colours of train and validation."""
    return colours.convolution, colours.activation


def _ends(train: Curve, validation: Curve, logarithmic: bool) -> tuple[float, float]:
    """The ends of the loss axis: all of the smooth lines, with a little room; in powers of ten where logarithmic."""
    values = np.concatenate((train.y, validation.y))
    if not len(values):
        return (-1.0, 1.0) if logarithmic else (0.0, 1.0)
    if not logarithmic:
        return 0.0, max(float(values.max()), LEAST_LOSS) * 1.08
    places = np.log10(np.maximum(values, LEAST_LOSS))
    return float(places.min()) - 0.1, float(places.max()) + 0.1


def _thinned(curve: Curve, most: int = 500) -> Curve:
    """Every n-th point where there are more than can be told apart, and always the last."""
    step = -(-len(curve.x) // most) if len(curve.x) else 1
    if step == 1:
        return curve
    kept = np.arange(len(curve.x) - 1, -1, -step)[::-1]
    return Curve(curve.x[kept], curve.y[kept])


def _at(curve: Curve, x: float) -> float | None:
    """The value nearest to x, where the curve reaches."""
    if not len(curve.x) or x > curve.x[-1] + 0.5:
        return None
    return float(curve.y[int(np.argmin(np.abs(curve.x - x)))])
