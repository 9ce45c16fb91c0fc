"""Opening, saving, leaving: nothing is lost, nothing half loaded, the window never asks twice."""

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from core.formats import open_file, save_file
from core.project import Project
from core.templates import template
from guibuilder.document import Document
from guibuilder.files import Files


@pytest.fixture
def files(document, worker, fresh_settings, qtbot):
    files = Files(document, worker)
    files.heard, files.answers = [], []
    files.said.connect(lambda *said: files.heard.append(said))
    files.ask_to_save = lambda: files.answers.pop(0)
    return files


@pytest.fixture
def project_file(tmp_path):
    path = tmp_path / "mlp.gbnet"
    save_file(template("mlp"), path)
    return path


def touch(document):
    """One edit."""
    document.edit("x", network=document.network.change(document.network.names["C1"], filters=9))


def opened(files, path, qtbot):
    with qtbot.waitSignal(files.opened):
        files.open(path)


def saved(files, qtbot):
    with qtbot.waitSignal(files.saved):
        files.save()


def test_opening_shows_the_file(files, document, project_file, qtbot):
    opened(files, project_file, qtbot)
    assert document.network.name == "Multilayer perceptron"
    assert (files.name, files.path, files.dirty) == ("mlp", project_file, False)
    assert files.recent.paths() == [project_file]


def test_a_damaged_file_is_one_sentence_and_the_document_stays(files, document, tmp_path, qtbot):
    broken = tmp_path / "broken.gbnet"
    broken.write_bytes(b"PK\x03\x04 nonsense")
    before = document.project
    files.open(broken)
    qtbot.waitUntil(lambda: bool(files.heard))
    text, severity, _, _ = files.heard[0]
    assert severity == "error"
    assert "broken.gbnet" in text
    assert "\n" not in text
    assert document.project is before
    assert files.recent.paths() == []


def test_foreign_files_are_read_by_the_worker(files, document, worker, tmp_path, qtbot):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"x")
    files.open(path)
    request = worker.last("OpenFile")
    assert request.path == str(path)
    worker.refuse(request, "net.onnx: operator Loop is not supported.")
    assert files.heard[0][0] == "net.onnx: operator Loop is not supported."
    files.open(path)
    worker.answer(worker.last("OpenFile"), template("mlp"))
    assert document.network.name == "Multilayer perceptron"
    assert files.path is None


def test_only_the_last_of_two_files_opened_at_once_is_shown(files, document, worker, tmp_path):
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes(b"x")
        files.open(tmp_path / name)
    first, second = (request for request in worker.asked if type(request).__name__ == "OpenFile")
    worker.answer(second, template("mlp"))
    worker.answer(first, template("lenet5"))
    assert document.network.name == "Multilayer perceptron"


def test_saving_cleans_and_undoing_to_the_saved_point_is_clean_again(files, document, tmp_path, qtbot):
    files.path = tmp_path / "mine.gbnet"
    touch(document)
    assert files.dirty
    saved(files, qtbot)
    assert not files.dirty
    assert open_file(files.path).network == document.network
    touch_again = document.network.change(document.network.names["C1"], filters=4)
    document.edit("y", network=touch_again)
    assert files.dirty
    document.undo_stack.undo()
    assert not files.dirty


def test_what_is_edited_while_saving_stays_unsaved(files, document, tmp_path, qtbot):
    files.path = tmp_path / "mine.gbnet"
    touch(document)
    files.save()
    document.edit("meanwhile", notes="new")
    qtbot.waitSignal(files.saved).wait()
    assert files.dirty
    assert open_file(files.path).notes == ""


def test_saving_without_a_name_asks_for_one_and_adds_the_ending(files, tmp_path, qtbot):
    asked = []
    files.choose_target = lambda name: asked.append(name) or tmp_path / "named"
    saved(files, qtbot)
    assert asked == ["LeNet-5.gbnet"]
    assert files.path == tmp_path / "named.gbnet"
    files.choose_target = lambda name: None
    files.save_as()
    assert files.path == tmp_path / "named.gbnet"


def test_a_save_that_fails_says_so_and_offers_another_name(files, document, tmp_path, qtbot):
    files.path = tmp_path / "gone" / "mine.gbnet"
    touch(document)
    files.save()
    qtbot.waitUntil(lambda: bool(files.heard))
    text, severity, action, call = files.heard[0]
    assert "There is no folder" in text
    assert (severity, action, call) == ("error", "Save as …", files.save_as)
    assert files.dirty


@pytest.mark.parametrize(("answer", "goes_on"), [("discard", True), ("cancel", False)])
def test_leaving_unsaved_work_asks_first(files, document, answer, goes_on):
    touch(document)
    files.answers = [answer]
    files.new()
    assert (not document.network.nodes) == goes_on
    assert files.answers == []


def test_leaving_can_save_first(files, document, tmp_path, qtbot):
    files.path = tmp_path / "mine.gbnet"
    touch(document)
    files.answers = ["save"]
    with qtbot.waitSignal(files.opened):
        files.new(Project())
    assert open_file(tmp_path / "mine.gbnet").network.nodes
    assert not document.network.nodes
    assert files.path is None


def test_nothing_is_asked_where_nothing_can_be_lost(files, document):
    files.new()
    assert not document.network.nodes


def test_a_running_training_is_not_dropped_without_a_word(files, document):
    files.training = lambda: True
    files.answers = ["cancel"]
    files.new()
    assert document.network.nodes


def answer_box(button, texts):
    """Press a button of the message box that is about to open."""

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        texts.append((box.text(), [each.text() for each in box.buttons()]))
        next(each for each in box.buttons() if each.text().startswith(button)).click()

    QTimer.singleShot(20, press)


@pytest.mark.parametrize(("button", "answer"), [("Save", "save"), ("Don't save", "discard"), ("Cancel", "cancel")])
def test_the_question_itself(document, worker, fresh_settings, button, answer):
    files, texts = Files(document, worker), []
    touch(document)
    answer_box(button, texts)
    assert files.ask_to_save() == answer
    assert texts[0][0] == "LeNet-5 has changes that are not saved."
    assert set(texts[0][1]) == {"Save", "Don't save", "Cancel"}


def test_another_program_changed_the_file(files, document, project_file, qtbot):
    opened(files, project_file, qtbot)
    files.look_at_disk()
    assert files.heard == []
    save_file(template("classroom-cnn"), project_file)
    files.look_at_disk()
    files.look_at_disk()
    (text, severity, action, call), = files.heard
    assert (text, severity, action) == ("mlp.gbnet was changed by another program.", "warning", "Open it again")
    with qtbot.waitSignal(files.opened):
        call()
    assert document.network.name == "Classroom CNN"


def test_saving_over_a_changed_file_asks(files, document, project_file, qtbot):
    opened(files, project_file, qtbot)
    save_file(template("classroom-cnn"), project_file)
    document.edit("x", notes="mine")
    texts = []
    answer_box("Cancel", texts)
    files.save()
    assert open_file(project_file).network.name == "Classroom CNN"
    answer_box("Replace", texts)
    saved(files, qtbot)
    assert open_file(project_file).notes == "mine"
    assert len(texts) == 2


def test_a_file_that_went_away_is_told(files, project_file, qtbot):
    opened(files, project_file, qtbot)
    project_file.unlink()
    files.look_at_disk()
    assert files.heard[0][:3] == ("mlp.gbnet is no longer there. Save it again to keep it.", "warning", "Save")


def test_what_is_dropped_does_the_obvious(files, document, tmp_path, project_file, qtbot):
    with qtbot.waitSignal(files.opened):
        files.take(project_file)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    files.take(pictures)
    assert document.project.data.source == str(pictures)
    seen = []
    files.picture_dropped.connect(seen.append)
    files.take(tmp_path / "seven.PNG")
    assert seen == [tmp_path / "seven.PNG"]
    files.take(tmp_path / "song.mp3")
    assert files.heard[-1][0] == "song.mp3 is no project, picture or data set that guibuilder knows."


def test_a_restored_copy_is_unsaved_and_has_no_file(files, document, project_file, qtbot):
    opened(files, project_file, qtbot)
    done = []
    files.restore(template("lenet5"), lambda: done.append(1))
    assert files.dirty
    assert files.path is None
    assert done == [1]


def test_the_name_is_that_of_the_file(files, document):
    assert files.name == "LeNet-5"
    files.path = Path("/home/me/lecture 3.gbnet")
    assert files.name == "lecture 3"


def test_a_new_document_has_no_file(document, worker, fresh_settings, project_file, qtbot):
    files = Files(Document(), worker)
    files.path = project_file
    files.new(template("mlp"))
    assert files.path is None
