"""The window onto the drawing: turns mouse, wheel and drags into gestures, and keys into commands."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip, QWidget

from guibuilder.canvas.camera import Camera
from guibuilder.canvas.drops import Drops
from guibuilder.canvas.edge_scroll import EdgeScroll
from guibuilder.canvas.edits import Edits
from guibuilder.canvas.gestures.base import Gesture, Modifiers
from guibuilder.canvas.gestures.choose import gesture_for
from guibuilder.canvas.gestures.drop import LayerDrop
from guibuilder.canvas.gestures.move import Move
from guibuilder.canvas.gestures.pan import Pan
from guibuilder.canvas.grid import paint_grid
from guibuilder.canvas.hits import Hit, Part, hit_at
from guibuilder.canvas.hover import Hover, explanation
from guibuilder.canvas.scene import NetworkScene
from guibuilder.canvas.suggestions import Place
from guibuilder.canvas.tag import Tag

_BY_KEYBOARD = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
_LEFT, _MIDDLE_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


class NetworkView(QGraphicsView):
    """Shows a `NetworkScene`.

    `layer_wanted(point, Place)` asks for the list of layers at a point of the canvas, `search_wanted` for it anywhere.
    """

    layer_wanted = Signal(object, object)
    search_wanted = Signal()
    looked_elsewhere = Signal()
    badge_touched = Signal(str)
    edit_requested = Signal(str)
    rename_requested = Signal(str)
    menu_requested = Signal(QPoint)
    refused = Signal(str)
    hovered = Signal(object)
    gesture_began = Signal()
    gesture_ended = Signal()
    focus_changed = Signal(bool)

    def __init__(self, scene: NetworkScene, edits: Edits, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.drawing, self.document, self.selection = scene, scene.document, scene.selection
        self.edits = edits
        self.wheel_zooms = False
        self.slicing = False
        self.space_held = False
        self.keys: Callable[[QKeyEvent], bool] = lambda event: False
        self._gesture: Gesture | None = None
        self._drops = Drops(self)
        self._hover = Hover(scene)
        self._set_up()
        self.camera = Camera(self, scene, self.looked_elsewhere.emit)
        self.tag = Tag(self, scene.style_now)
        self.edge_scroll = EdgeScroll(self)
        scene.leaving.connect(self.cancel)
        scene.refreshed.connect(self.camera.make_room)

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        for bars in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            bars(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        for flag in (QGraphicsView.OptimizationFlag.DontSavePainterState,
                     QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing):
            self.setOptimizationFlag(flag)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # gestures ---------------------------------------------------------------------------------------------------

    @property
    def gesture(self) -> Gesture | None:
        """What the hand is doing now."""
        return self._gesture

    @property
    def held(self) -> Gesture | LayerDrop | None:
        """What follows the hand now: a gesture, or a layer that is dragged in."""
        return self._gesture if self._gesture is not None else self._drops.held

    def begin(self, gesture: Gesture | None) -> None:
        """Let a gesture have the mouse until it is let go."""
        self.cancel()
        self._gesture = gesture
        if gesture is not None:
            QToolTip.hideText()
            if gesture.cursor is not None:
                self.viewport().setCursor(gesture.cursor)
            if gesture.scrolls:
                self.edge_scroll.begin()
            self.gesture_began.emit()

    def cancel(self) -> None:
        """End what the hand is doing without an edit."""
        self._drops.leave()
        gesture, self._gesture = self._gesture, None
        self.edge_scroll.end()
        if gesture is not None:
            gesture.cancel()
            self.viewport().unsetCursor()
            self.gesture_ended.emit()

    def refuse(self, reason: str, point: QPointF) -> None:
        """Say at a point of the canvas why something was refused."""
        self.tag.say(reason, self.mapFromScene(point), "error")
        self.tag.linger()
        self.refused.emit(reason)

    def hit(self, at: QPoint) -> Hit:
        """What lies under a point of the viewport."""
        return hit_at(self.drawing, self.mapToScene(at), self.camera.zoom)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        point = self.mapToScene(at)
        self.edge_scroll.follow(at, event.modifiers())
        self.tag.clear()
        if self._gesture is not None:
            self.cancel()
        elif event.button() == _MIDDLE_BUTTON or (event.button() == _LEFT and self.space_held):
            self.begin(Pan(self, point, at))
            self.space_held = False
        elif event.button() == _LEFT:
            self.begin(gesture_for(self, self.hit(at), point, event.modifiers()))
        elif event.button() == Qt.MouseButton.RightButton:
            self._menu(at, event.globalPosition().toPoint())

    def _menu(self, at: QPoint, where: QPoint) -> None:
        hit = self.hit(at)
        if hit.part in (Part.NODE, Part.BADGE) and hit.node not in self.selection.ids:
            self.selection.set([hit.node])
        elif hit.edge is not None:
            self.selection.set(())
            self.drawing.select_edges([hit.edge])
        self.menu_requested.emit(where)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        self.edge_scroll.follow(at, event.modifiers())
        if self._gesture is not None:
            self._gesture.move(self.mapToScene(at), event.modifiers())
            return
        hit = self.hit(at)
        self.viewport().setCursor(self._hover.look_at(hit))
        self.hovered.emit(hit)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._gesture is None or event.button() not in (_LEFT, _MIDDLE_BUTTON):
            return
        gesture, self._gesture = self._gesture, None
        self.edge_scroll.end()
        self.viewport().unsetCursor()
        gesture.end(self.mapToScene(event.position().toPoint()), event.modifiers())
        if isinstance(gesture, Move) and not gesture.moving and not event.modifiers():
            self._clicked(event.position().toPoint())
        self.gesture_ended.emit()

    def _clicked(self, at: QPoint) -> None:
        hit = self.hit(at)
        if hit.node in self.document.network.nodes:
            self.selection.set([hit.node])
        if hit.part is Part.BADGE:
            self.badge_touched.emit(hit.node)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != _LEFT:
            return
        hit = self.hit(event.position().toPoint())
        if hit.part is Part.NODE:
            self.edit_requested.emit(hit.node)
        elif hit.part is Part.EMPTY or hit.edge is not None:
            self.cancel()
            place = None if hit.edge is None else Place((hit.edge.source,), into=hit.edge)
            self.layer_wanted.emit(self.mapToScene(event.position().toPoint()), place)

    # dragging from elsewhere ------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._drops.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._drops.move(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drops.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drops.drop(event)

    # looking ----------------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        zooms = bool(event.modifiers() & Modifiers.ControlModifier) != self.wheel_zooms
        if zooms:
            self.camera.zoom_by_wheel(delta.y() or delta.x(), event.position().toPoint())
        elif event.modifiers() & Modifiers.ShiftModifier and not delta.x():
            self.camera.pan(delta.y(), 0)
        else:
            pixels = event.pixelDelta()
            step = pixels if not pixels.isNull() else delta * 0.6
            self.camera.pan(step.x(), step.y())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.camera.zoom_to(self.camera.zoom * (1 + event.value()), event.position().toPoint())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            hit = self.hit(event.pos())
            QToolTip.showText(event.globalPos(), explanation(self.document, hit), self.viewport())
            return True
        return super().viewportEvent(event)

    def scrollContentsBy(self, across: int, down: int) -> None:
        super().scrollContentsBy(across, down)
        self.looked_elsewhere.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.camera.make_room()
        self.looked_elsewhere.emit()

    def drawBackground(self, painter: QPainter, area: QRectF | QRect) -> None:
        paint_grid(painter, QRectF(area), self.drawing.style_now, self.camera.zoom)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(event.reason() in _BY_KEYBOARD)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.slicing = self.space_held = False
        self.focus_changed.emit(False)

    # keys -------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.held is not None:
            self.cancel()
        elif not self.keys(event):
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_X:
            self.slicing = False
        elif event.key() == Qt.Key.Key_Space and self.space_held:
            self.space_held = False
            self.search_wanted.emit()
