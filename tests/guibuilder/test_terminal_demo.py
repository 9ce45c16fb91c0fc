"""The demonstration trains, exports and draws, in a folder of its own."""

import pytest

from guibuilder import terminal_demo


@pytest.fixture
def steps(tmp_path, monkeypatch):
    """Stands in for the commands; gives what was asked of them."""
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(terminal_demo, "run_command", lambda arguments: asked.append(arguments) or 0)
    return asked


def test_it_trains_twenty_epochs_and_writes_three_files(steps, tmp_path, capsys):
    assert terminal_demo.run() == 0
    assert [step[0] for step in steps] == ["train", "export", "render"]
    train = " ".join(steps[0])
    assert "lenet5 --data digits28 --epochs 20 --seed 0" in train
    assert [step[-1].rpartition(".")[2] for step in steps] == ["gbnet", "onnx", "svg"]
    said = capsys.readouterr()
    assert "no display" in said.err
    assert str(tmp_path / terminal_demo.FOLDER) in said.out


def test_it_comes_back_to_its_own_folder_but_leaves_others_alone(steps, tmp_path):
    assert terminal_demo._folder().resolve() == tmp_path / "guibuilder-demo"
    assert terminal_demo._folder().resolve() == tmp_path / "guibuilder-demo"
    (tmp_path / "guibuilder-demo" / terminal_demo.MARK).unlink()
    assert terminal_demo._folder().resolve() == tmp_path / "guibuilder-demo-2"


@pytest.mark.parametrize(("start", "words"), [("", "python3 guibuilder --help"),
                                              ("bin/guibuilder", "More: guibuilder --help")])
def test_it_says_what_to_type_next(steps, tmp_path, monkeypatch, capsys, start, words):
    monkeypatch.setattr("sys.argv", [str(tmp_path / start)])
    terminal_demo.run()
    assert words in capsys.readouterr().out


def test_the_first_step_that_fails_ends_it(steps, monkeypatch):
    monkeypatch.setattr(terminal_demo, "run_command", lambda arguments: steps.append(arguments) or 1)
    assert terminal_demo.run() == 1
    assert len(steps) == 1
