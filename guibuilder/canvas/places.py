"""Where the nodes lie, in buckets, so that "what lies here?" needs no walk over all of them."""

from collections.abc import Iterator

from PySide6.QtCore import QRectF

_BUCKET = 256


class Places:
    """Rectangles by node id."""

    def __init__(self) -> None:
        self.rects: dict[str, QRectF] = {}
        self._buckets: dict[tuple[int, int], set[str]] = {}

    def put(self, node: str, rect: QRectF) -> None:
        """Remember where a node lies now."""
        self.drop(node)
        self.rects[node] = rect
        for bucket in _touched(rect):
            self._buckets.setdefault(bucket, set()).add(node)

    def drop(self, node: str) -> None:
        """Forget a node; nothing happens where it is not known."""
        rect = self.rects.pop(node, None)
        if rect is None:
            return
        for bucket in _touched(rect):
            members = self._buckets[bucket]
            members.discard(node)
            if not members:
                del self._buckets[bucket]

    def clear(self) -> None:
        """Forget all nodes."""
        self.rects.clear()
        self._buckets.clear()

    def within(self, area: QRectF) -> dict[str, QRectF]:
        """The nodes that touch an area."""
        near: set[str] = set()
        if area.width() * area.height() > len(self.rects) * _BUCKET**2:
            near.update(self.rects)
        else:
            for bucket in _touched(area):
                near |= self._buckets.get(bucket, set())
        return {node: self.rects[node] for node in sorted(near) if self.rects[node].intersects(area)}

    def bounds(self) -> QRectF:
        """The rectangle around all nodes; empty where there is none."""
        found = QRectF()
        for rect in self.rects.values():
            found = found.united(rect)
        return found


def _touched(rect: QRectF) -> Iterator[tuple[int, int]]:
    for column in range(int(rect.left() // _BUCKET), int(rect.right() // _BUCKET) + 1):
        for row in range(int(rect.top() // _BUCKET), int(rect.bottom() // _BUCKET) + 1):
            yield column, row
