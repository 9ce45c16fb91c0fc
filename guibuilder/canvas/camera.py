"""How the drawing is looked at: zoom, pan and fit. None of it is an edit."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QTimer
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QGraphicsView

from guibuilder.canvas.detail import detail_at
from guibuilder.canvas.scene import NetworkScene

LEAST, MOST = 0.1, 4.0
STEPS = (0.1, 0.15, 0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
_WHEEL = 1.0015
_REST = 150
_MANY = 120
_MARGIN = 20.0


class Camera:
    """Moves one view over its scene."""

    def __init__(self, view: QGraphicsView, scene: NetworkScene, moved: Callable[[], None]) -> None:
        self._view, self._scene, self._moved = view, scene, moved
        self._rest = QTimer(view)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST)
        self._rest.timeout.connect(self._draw_well)
        self._draw_well()

    @property
    def zoom(self) -> float:
        """1.0 = 100 %."""
        return self._view.transform().m11()

    def visible(self) -> QRectF:
        """The part of the canvas that is seen."""
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    # moving -----------------------------------------------------------------------------------------------------

    def pan(self, across: float, down: float) -> None:
        """Move the drawing by so many pixels of the screen."""
        self.hurry()
        horizontal, vertical = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        horizontal.setValue(horizontal.value() - round(across))
        vertical.setValue(vertical.value() - round(down))

    def centre_on(self, point: QPointF) -> None:
        """Bring a point of the canvas to the middle."""
        self._view.centerOn(point)

    def zoom_to(self, zoom: float, at: QPoint | None = None) -> None:
        """Zoom so that the point of the viewport `at` (its middle by default) stays where it is."""
        zoom = max(LEAST, min(MOST, zoom))
        if abs(zoom - self.zoom) < 1e-6:
            return
        self.hurry()
        fixed = at if at is not None else self._view.viewport().rect().center()
        before = self._view.mapToScene(fixed)
        self._view.setTransform(QTransform.fromScale(zoom, zoom))
        self._scene.set_detail(detail_at(zoom))
        self.make_room()
        shift = self._view.mapFromScene(before) - fixed
        self.pan(-shift.x(), -shift.y())
        self._moved()

    def zoom_by_wheel(self, delta: int, at: QPoint) -> None:
        """One notch of a wheel (120) is a fifth."""
        self.zoom_to(self.zoom * _WHEEL ** delta, at)

    def zoom_in(self) -> None:
        """To the next larger round figure."""
        self.zoom_to(next((step for step in STEPS if step > self.zoom + 1e-3), MOST))

    def zoom_out(self) -> None:
        """To the next smaller round figure."""
        self.zoom_to(next((step for step in reversed(STEPS) if step < self.zoom - 1e-3), LEAST))

    def fit(self, area: QRectF) -> None:
        """Show an area of the canvas as large as it goes, never above 100 %."""
        room = self._view.viewport().size()
        if area.isEmpty():
            # An empty canvas begins at its origin, so that the first layers come to lie top left.
            self.zoom_to(1.0)
            self.make_room()
            self.centre_on(QPointF(room.width() / 2, room.height() / 2))
            return
        area = area.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        self.zoom_to(min(1.0, room.width() / area.width(), room.height() / area.height()))
        self.make_room()
        self.centre_on(area.center())

    def reveal(self, area: QRectF) -> None:
        """Scroll just so far that an area of the canvas is seen."""
        self.make_room()
        seen = self.visible()
        if not seen.contains(area):
            margin = min(48, self._view.viewport().width() // 6, self._view.viewport().height() // 6)
            self._view.ensureVisible(area, margin, margin)

    def make_room(self) -> None:
        """Let the drawing be moved until just a corner of it is seen, without moving it now."""
        seen = self.visible()
        across, down = seen.width() * 0.9, seen.height() * 0.9
        bounds = self._scene.bounds()
        if bounds.isEmpty():
            bounds = QRectF(0, 0, seen.width() / 2, seen.height() / 2)
        area = bounds.adjusted(-across, -down, across, down).united(seen)
        if area != self._view.sceneRect():
            self._view.setSceneRect(area)

    def screen_rect(self, area: QRectF) -> QRect:
        """An area of the canvas in pixels of the view."""
        return self._view.mapFromScene(area).boundingRect()

    # drawing fast while things move -----------------------------------------------------------------------------

    def hurry(self) -> None:
        """Draw large scenes without smooth edges until they have been still for 150 ms."""
        if len(self._scene.nodes) > _MANY:
            self._view.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            self._rest.start()

    def _draw_well(self) -> None:
        smooth = QPainter.RenderHint.Antialiasing
        if not self._view.renderHints() & smooth:
            self._view.setRenderHints(smooth | QPainter.RenderHint.TextAntialiasing)
            self._view.viewport().update()
