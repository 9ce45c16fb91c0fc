"""The real window at work for a while, as a program of its own: python -m tests.benchmarks.soak SECONDS.

Prints how far the reference count of None has moved: a Qt build that loses references ends the interpreter sooner or
later, and this shows it long before.
"""

import json
import sys
from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from core.project import DataChoice
from core.templates import template
from guibuilder.app import make_application, show
from guibuilder.background import Worker
from guibuilder.document import Document
from guibuilder.main_window import MainWindow
from guibuilder.theme import Theme

TABS = ("Training", "Feature maps")
WARM_UP = 0.2


class Soak:
    """Trains again and again while layers and tabs change under it."""

    def __init__(self, window: MainWindow, seconds: float) -> None:
        self.parts, self.ticks, self.trainings, self.before = window.commands, 0, 0, 0
        self.timer = QTimer(interval=100)
        self.timer.timeout.connect(self.tick)
        self.timer.start()
        QTimer.singleShot(round(seconds * 1000 * WARM_UP), self.count)
        QTimer.singleShot(round(seconds * 1000), QApplication.exit)

    def count(self) -> None:
        """Remember the references after everything was drawn once."""
        self.before = sys.getrefcount(None)

    def tick(self) -> None:
        """Select the next layer, sometimes the other tab, and train when nothing trains."""
        self.ticks += 1
        nodes = sorted(self.parts.document.network.nodes)
        self.parts.selection.set([nodes[self.ticks % len(nodes)]])
        if self.ticks % 20 == 0:
            self.parts.lower.show_tab(TABS[self.ticks // 20 % len(TABS)])
        if not self.parts.run.active:
            self.trainings += 1
            self.parts.run.start_over()
            self.parts.run.start()


def main(seconds: float) -> None:
    """Open the window, work, and print {drift, trainings, ticks}."""
    make_application()
    worker = Worker()
    window = MainWindow(Theme(), Document(), worker)
    show(window, None)
    project = template("lenet5")
    options = replace(project.options, epochs=200)
    window.commands.files.new(replace(project, data=DataChoice("digits28"), options=options))
    soak = Soak(window, seconds)
    QApplication.exec()
    print(json.dumps({"drift": sys.getrefcount(None) - soak.before, "trainings": soak.trainings, "ticks": soak.ticks}))
    soak.timer.stop()
    worker.stop()


if __name__ == "__main__":
    main(float(sys.argv[1]))
