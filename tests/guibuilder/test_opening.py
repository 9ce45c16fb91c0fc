"""A file that takes long: how far it is, a Stop that stops it, and an offer after a while; never a failure."""

import numpy as np
import pytest

from core.formats import save_file
from core.templates import template
from core.worker.messages import Cancel
from guibuilder import opening
from guibuilder.background import Worker
from guibuilder.files import Files


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(opening, "SHOWN_AFTER", 0.02)
    monkeypatch.setattr(opening, "LONG_AFTER", 0.2)


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "large.onnx"
    found.write_bytes(b"x")
    return found


@pytest.fixture
def files(window):
    return window.commands.files


@pytest.fixture
def bar(window):
    return window.commands.bar


def test_how_far_it_is_stands_in_the_status_line(files, path, worker, window):
    heard = []
    files.busy.connect(heard.append)
    files.open(path)
    request = worker.last("OpenFile")
    worker.progress.emit(request.number, "Reading", 45, 100)
    worker.progress.emit(request.number + 1, "Reading", 99, 100)
    worker.answer(request, template("mlp"))
    worker.progress.emit(request.number, "Reading", 50, 100)
    assert heard == ["Opening large.onnx …", "Opening large.onnx … 45 %", ""]


def test_stop_is_offered_and_stops(quick, files, path, worker, window, bar, qtbot):
    before = window.commands.document.project
    files.open(path)
    assert bar.text == ""
    qtbot.waitUntil(lambda: bar.text.startswith("Opening large.onnx."))
    request = worker.last("OpenFile")
    bar.press()
    assert bar.text == "large.onnx was not opened."
    assert worker.sent == [Cancel(request.number)]
    worker.answer(request, template("mlp"))
    assert window.commands.document.project is before
    files.open(path)
    worker.answer(worker.last("OpenFile"), template("mlp"))
    assert window.commands.document.network.name == "Multilayer perceptron"


def test_after_a_while_one_may_go_on_or_stop(quick, files, path, worker, window, bar, qtbot):
    files.open(path)
    qtbot.waitUntil(lambda: "seconds" in bar.text)
    worker.answer(worker.last("OpenFile"), template("mlp"))
    assert bar.text == ""
    assert window.commands.document.network.name == "Multilayer perceptron"


def test_quick_files_offer_nothing(files, path, worker, bar, qtbot):
    files.open(path)
    worker.answer(worker.last("OpenFile"), template("mlp"))
    qtbot.wait(50)
    assert bar.text == ""


def test_a_failure_replaces_the_offer(quick, files, path, worker, bar, qtbot):
    files.open(path)
    qtbot.waitUntil(lambda: bar.text.startswith("Opening large.onnx."))
    worker.refuse(worker.last("OpenFile"), "large.onnx is damaged.")
    assert bar.text == "large.onnx is damaged."
    qtbot.wait(300)
    assert bar.text == "large.onnx is damaged."


def test_a_real_worker_tells_how_far_it_is_and_hears_the_stop(document, fresh_settings, tmp_path, qtbot):
    pytest.importorskip("onnx")
    save_file(template("alexnet"), tmp_path / "large.onnx")
    worker = Worker()
    files, heard, over = Files(document, worker), [], []
    files.busy.connect(heard.append)
    worker.refused.connect(lambda number, sentence, details: over.append(sentence))
    worker.answered.connect(lambda number, result: over.append("too late to stop"))
    worker.start()
    try:
        files.open(tmp_path / "large.onnx")
        before = document.project
        qtbot.waitUntil(lambda: any(text.endswith("%") for text in heard))
        files._opening.stop()
        qtbot.waitUntil(lambda: len(over) == 1)
        assert over[0] in ("Stopped.", "too late to stop")
        assert heard[-1] == ""
        assert document.project is before
        with qtbot.waitSignal(files.opened):
            files.open(tmp_path / "large.onnx")
        shapes = {array.shape for array in document.project.weights.values()}
        assert (4096, 9216) in shapes
        assert all(np.isfinite(array).all() for array in document.project.weights.values())
    finally:
        worker.stop()
