"""Garbage is collected in the window's thread only.

Python collects cycles in whichever thread happens to allocate. Were that one that reads from the worker, Qt objects
of the window would be destroyed there; their timers live on and crash the program when they fire.
"""

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL = 200
# When everything that stays is there: it is put aside once, so that collecting later takes no time to speak of.
SETTLED = 3000


class Collector(QObject):
    """Turns automatic collection off and does the same by a timer: young objects often, old ones seldom."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self.check)
        self._timer.start()
        self._settling = QTimer(self, interval=SETTLED, singleShot=True)
        self._settling.timeout.connect(self._settle)
        self._settling.start()

    def _settle(self) -> None:
        gc.collect()
        gc.freeze()

    def check(self) -> None:
        """Collect the generations that are full, as Python would."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > self._thresholds[generation] > 0:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Give the work back to Python."""
        self._timer.stop()
        self._settling.stop()
        gc.unfreeze()
        gc.enable()
