"""The export dialog: formats, what the worker is asked, what came of it."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel, QRadioButton, QScrollArea

from core.project import Project
from core.templates import template
from core.worker.messages import Exported
from guibuilder import export_dialog
from guibuilder.export_dialog import ExportDialog, difference_text, formats


@pytest.fixture
def dialog(theme, worker, tmp_path, qtbot):
    dialog = ExportDialog(template("lenet5"), "lenet", worker, theme)
    qtbot.addWidget(dialog)
    dialog.choose_target = lambda chosen: tmp_path / "lenet"
    return dialog


def test_all_formats_but_our_own_are_offered_onnx_first():
    names = [each.name for each in formats()]
    assert names[0] == "onnx"
    assert "gbnet" not in names
    assert names[1:4] == ["pytorch", "keras", "numpy"]
    assert {"json", "safetensors", "npz", "csv", "tensorboard"} <= set(names)


def test_the_worker_writes_and_the_largest_difference_is_shown(dialog, worker, tmp_path):
    dialog.show()
    dialog.choose("onnx")
    dialog.export_button.click()
    request = worker.last("ExportFile")
    assert (request.format, request.path) == ("onnx", str(tmp_path / "lenet.onnx"))
    assert not dialog.export_button.isEnabled()
    assert dialog.progress.isVisible()
    worker.progress.emit(request.number, "Comparing", 100, 256)
    assert dialog.result_text.text() == "Comparing …"
    worker.answer(request, Exported("onnx", request.path, 2.98e-7, 256, program="onnxruntime"))
    assert dialog.result_text.text() == (
        f"Written: {tmp_path / 'lenet.onnx'}.\nCompared on 256 real pictures: the largest difference between "
        "onnxruntime and this program is 3.0×10⁻⁷. They agree.")
    assert dialog.export_button.isEnabled()
    assert not dialog.progress.isVisible()


def test_what_is_too_far_apart_is_not_called_agreement():
    assert "more than rounding" in difference_text(Exported("onnx", "x", 0.01, 10))
    assert difference_text(Exported("onnx", "x", None, 0, "Not compared.")) == "Not compared."


def test_a_refusal_is_shown_and_can_be_tried_again(dialog, worker):
    dialog.export_button.click()
    worker.refuse(worker.last("ExportFile"), "There is no room on the disk.")
    assert dialog.result_text.text() == "There is no room on the disk."
    assert dialog.export_button.isEnabled()


def test_what_stays_behind_is_told_before_anything_is_written(theme, worker, qtbot):
    dialog = ExportDialog(template("googlenet-small"), "small", worker, theme)
    qtbot.addWidget(dialog)
    told = {}
    for each in formats():
        dialog.choose(each.name)
        told[each.name] = (dialog.lacking.text(), dialog.export_button.isEnabled())
    assert told["onnx"] == ("Dropout does nothing at use, so the file is without it.", True)
    assert told["json"] == ("Nothing of the network is left out.", True)
    assert told["csv"] == ("There are no epochs to write yet. Train the network first.", False)
    assert told["safetensors"][0].startswith("Only the weights")
    assert worker.count("ExportFile") == 0


def test_a_network_that_does_not_run_says_why_and_its_drawing_can_still_go(theme, worker, qtbot):
    broken = template("lenet5")
    node = next(node for node in broken.network.nodes.values() if node.type == "Conv2D")
    network = broken.network.change(node.id, kernel=(15, 15), dilation=(9, 9))
    dialog = ExportDialog(replace(broken, network=network), "x", worker, theme)
    qtbot.addWidget(dialog)
    assert node.name in dialog.lacking.text()
    assert not dialog.export_button.isEnabled()
    assert dialog.export_button.toolTip() == dialog.lacking.text()
    dialog.choose("json")
    assert dialog.export_button.isEnabled()


def test_a_written_file_is_a_click_away(dialog, worker, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(export_dialog.QDesktopServices, "openUrl", opened.append)
    dialog.show()
    assert not dialog.folder_button.isVisible()
    dialog.export_button.click()
    worker.answer(worker.last("ExportFile"), Exported("onnx", str(tmp_path / "lenet.onnx")))
    dialog.folder_button.click()
    assert [url.toLocalFile() for url in opened] == [str(tmp_path)]
    dialog.choose("csv")
    assert (dialog.result_text.text(), dialog.folder_button.isVisible()) == ("", False)


def test_cancelled_file_dialog_asks_nothing(dialog, worker):
    dialog.choose_target = lambda chosen: None
    dialog.export_button.click()
    assert worker.count("ExportFile") == 0


def test_untrained_weights_are_said(theme, worker, qtbot):
    dialog = ExportDialog(Project(), "x", worker, theme)
    qtbot.addWidget(dialog)
    assert any("not trained yet" in label.text() for label in dialog.findChildren(QLabel))


def test_pytorch_makes_a_folder_and_says_how_training_outgrows_this_machine(dialog, worker, tmp_path):
    buttons = [button.text() for button in dialog.findChildren(QRadioButton)]
    assert "PyTorch · folder" in buttons
    assert any("torchrun --nproc_per_node=2 train.py" in label.text() for label in dialog.findChildren(QLabel))
    dialog.choose("pytorch")
    dialog.export_button.click()
    request = worker.last("ExportFile")
    assert (request.format, request.path) == ("pytorch", str(tmp_path / "lenet"))
    worker.answer(request, Exported("pytorch", request.path, 2e-8, 360, program="PyTorch"))
    assert "between PyTorch and this program" in dialog.result_text.text()


def test_every_format_is_reached_where_the_text_is_large(theme, worker, qtbot):
    theme.set_scale(2.5)
    dialog = ExportDialog(template("lenet5"), "lenet", worker, theme)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.height() <= dialog.screen().availableGeometry().height()
    last = dialog.findChildren(QRadioButton)[-1]
    area = dialog.findChild(QScrollArea)
    area.ensureWidgetVisible(last)
    assert last.visibleRegion().boundingRect().height() == last.height()
    assert dialog.export_button.visibleRegion().boundingRect().height() == dialog.export_button.height()
