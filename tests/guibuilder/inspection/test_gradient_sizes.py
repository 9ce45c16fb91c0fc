"""Gradient sizes in the window: measured on a click, bars as long as their numbers, and what they mean in words."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.worker.messages import Size, Sizes
from guibuilder.document import Document, Selection
from guibuilder.inspection.base import Needs
from guibuilder.inspection.gradient_sizes import GradientSizes, verdict
from guibuilder.pictures.size_bars import SizeBars, power
from guibuilder.theme import Theme
from guibuilder.viewing import viewing_of
from tests.guibuilder.parts import Scripted

ZERO = (Size("C1", "Conv2D", 0.0, 0.0), Size("A1", "ReLU", 0.0, None), Size("F1", "Dense", 0.0, 0.0))
USUAL = (Size("C1", "Conv2D", 0.5, 0.001), Size("A1", "ReLU", 0.05, None), Size("F1", "Dense", 5.0, 0.02))


@pytest.fixture
def view(document: Document, selection: Selection, theme: Theme, worker: Scripted, qtbot: QtBot) -> GradientSizes:
    viewing = viewing_of(document, selection, worker)  # type: ignore[arg-type]
    view = GradientSizes(Needs(document, theme, worker, viewing))  # type: ignore[arg-type]
    qtbot.addWidget(view)
    view.resize(700, 300)
    view.show()
    return view


def measure(view: GradientSizes, worker: Scripted, sizes: Sizes) -> None:
    QTest.mouseClick(view.button, Qt.MouseButton.LeftButton)
    worker.answer(worker.last("MeasureSizes"), sizes)


def test_before_measuring_it_says_what_will_happen(view: GradientSizes, worker: Scripted):
    assert "Nothing is trained by it" in view.sentence.text()
    assert view.sentence.isVisible()
    assert worker.count("MeasureSizes") == 0


def test_measuring_shows_the_sizes_and_what_they_mean(view: GradientSizes, worker: Scripted, document: Document):
    QTest.mouseClick(view.button, Qt.MouseButton.LeftButton)
    assert view.caption.text() == "Measuring …"
    assert not view.button.isEnabled()
    assert worker.last("MeasureSizes").project is document.project
    worker.answer(worker.last("MeasureSizes"), Sizes(ZERO, USUAL, 64, False))
    assert view.caption.text().startswith("Every gradient is exactly 0")
    assert view.button.isEnabled()
    assert view.bars.isVisible()
    assert "Outlines: the same network with usual initial values" in view.note
    assert "64 training pictures" in view.note
    document.edit("Epochs", options=replace(document.project.options, seed=5))
    assert view.caption.text().endswith("before the last change; measure again")


def test_a_refusal_is_said_and_a_broken_network_is_not_asked_for(view: GradientSizes, worker: Scripted,
                                                                 document: Document):
    QTest.mouseClick(view.button, Qt.MouseButton.LeftButton)
    worker.refuse(worker.last("MeasureSizes"), "There is one output too many.")
    assert view.caption.text() == "There is one output too many."
    document.edit("Kernel", network=document.network.change(document.network.names["C1"], kernel=20))
    QTest.mouseClick(view.button, Qt.MouseButton.LeftButton)
    assert worker.count("MeasureSizes") == 1
    assert "C1 needs at least 20×20" in view.caption.text()


@pytest.mark.parametrize(("gradients", "words"), [
    ((0.0, 0.0, 0.0), "Every gradient is exactly 0"),
    ((0.0, 0.0, 0.1), "The gradient of L0, L1 is exactly 0: they stand"),
    ((0.0, 0.2, 0.1), "The gradient of L0 is exactly 0: it stands still"),
    ((1e-9, 1e-5, 0.08), "in L0 it is 80,000,000 times smaller than in L2"),
    ((5.0, 1.0, 0.001), "in L0 it is 5,000 times larger than in L2"), ((0.01, 0.02, 0.03), "every layer can learn"),
    ((0.5,), "L0 is the only layer with weights"), ((), "No layer has weights")])
def test_what_the_gradients_mean(gradients: tuple[float, ...], words: str):
    sizes = [Size(f"L{number}", "Dense", 1.0, each) for number, each in enumerate(gradients)]
    assert words in verdict([*sizes, Size("A", "ReLU", 1.0, None)])


@pytest.fixture
def bars(theme: Theme, qtbot: QtBot) -> SizeBars:
    bars = SizeBars(theme)
    qtbot.addWidget(bars)
    bars.show_sizes(USUAL)
    bars.resize(700, bars.sizeHint().height())
    bars.show()
    return bars


def test_bars_are_as_long_as_the_logarithm(bars: SizeBars):
    # Outputs from 0.05 to 5: three decades from 0.01 to 10.
    assert [bars.length(each.activation, 0) for each in USUAL] == pytest.approx([0.5663, 0.2330, 0.8997], abs=1e-3)
    assert bars.length(0.0, 0) == 0
    bars.show_sizes(ZERO)
    assert [bars.length(each.activation, 0) for each in ZERO] == [0, 0, 0]


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 700, 1400])
def test_they_are_drawn_as_long_and_zeros_are_not(bars: SizeBars, theme: Theme, choice: str, width: int):
    theme.choose(choice)
    bars.resize(width, bars.sizeHint().height())
    area, colour = bars._columns()[0], QColor(theme.colours.convolution)

    def drawn(row: int, share: float) -> bool:
        image = bars.grab().toImage()
        found = image.pixelColor(round(area.left() + share * area.width()), round(area.top() + (row + 0.5) * 20))
        return found == colour

    assert drawn(2, 0.85)
    assert not drawn(2, 0.95)
    assert drawn(1, 0.2)
    assert not drawn(1, 0.3)
    bars.show_sizes(ZERO)
    assert not drawn(2, 0.02)


def test_hovering_and_the_keys_tell_the_numbers(bars: SizeBars, qtbot: QtBot):
    said: list[str] = []
    bars.hovered.connect(said.append)
    QTest.mouseMove(bars, QPoint(300, 36 + 50))
    qtbot.waitUntil(lambda: said == ["F1: mean output 5, mean gradient 0.02"])
    bars.show_sizes(ZERO, USUAL)
    assert "C1: mean output 0 (usually 0.5), mean gradient 0 (usually 0.001)" in bars.accessibleDescription()
    bars.setFocus()
    for key, words in ((Qt.Key.Key_Down, "C1"), (Qt.Key.Key_Down, "A1"), (Qt.Key.Key_End, "F1"), (Qt.Key.Key_Up, "A1"),
                       (Qt.Key.Key_Home, "C1")):
        QTest.keyClick(bars, key)
        assert said[-1].startswith(words)
        assert bars.accessibleDescription() == said[-1]


def test_powers_of_ten_are_short():
    assert [power(each) for each in (-12, -3, -2, -1, 0, 1, 2, 3)] == ["10⁻¹²", "10⁻³", "0.01", "0.1", "1", "10", "100",
                                                                    "10³"]
