"""The dispatcher: commands are found by their files, and what goes wrong is one sentence with a status."""

import json
import types

import pytest

from core.errors import CoreError, DataError, FileError, UsageError
from guibuilder.command_line import main


@pytest.fixture
def command(monkeypatch):
    """A command that does what the test says; `command.seen` keeps its arguments."""
    made = types.SimpleNamespace(
        NAME="probe", SUMMARY="tries things", action=lambda arguments: 0, seen=None,
        add_arguments=lambda parser: parser.add_argument("--fast", action="store_true"),
    )

    def run(arguments):
        made.seen = arguments
        return made.action(arguments)

    made.run = run
    monkeypatch.setattr(main, "_find", lambda name: made if name == "probe" else None)
    return made


def _raising(error):
    def action(arguments):
        raise error

    return action


def test_common_options_reach_every_command(command):
    assert main.run(["probe", "--seed", "7", "--threads", "2", "--json", "--fast"]) == 0
    assert (command.seen.seed, command.seen.threads, command.seen.json, command.seen.fast) == (7, 2, True, True)
    assert main.run(["probe"]) == 0
    assert (command.seen.seed, command.seen.threads, command.seen.json) == (0, None, False)


@pytest.mark.parametrize("wrong", [["--seed", "-1"], ["--threads", "0"], ["--threads", "257"], ["--seed", "x"],
                                   ["--nothing"], ["--seed", "2147483648"], ["too many"], [""]])
def test_wrong_options_are_wrong_usage(command, capsys, wrong):
    with pytest.raises(SystemExit) as caught:
        main.run(["probe", *wrong])
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert '"guibuilder probe -h"' in said.err


@pytest.mark.parametrize(("wrong", "words"), [
    ("--thread=2", "There is no option --thread=2. Did you mean --threads?"),
    ("--threads=none", "--threads must be a whole number from 1 to 256, not none. "),
    ("--seed=3.5", "--seed must be a whole number from 0 to 2,147,483,647, not 3.5. "),
    ("more", "more is one argument too many. "),
])
def test_wrong_options_are_named(command, capsys, wrong, words):
    with pytest.raises(SystemExit):
        main.run(["probe", wrong])
    assert f"guibuilder: {words}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CoreError("It cannot be."), 1), (DataError("It cannot be."), 1), (UsageError("It cannot be."), 2),
        (FileError("It cannot be."), 3), (PermissionError(13, "It cannot be", "net.gbnet"), 3),
        (OSError(28, "It cannot be"), 3), (MemoryError(), 1), (KeyboardInterrupt(), 130),
    ],
    ids=repr,
)
def test_what_goes_wrong_is_one_sentence_and_a_status(command, capsys, error, status):
    command.action = _raising(error)
    assert main.run(["probe", "--json"]) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("guibuilder: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


def test_a_bug_is_not_hidden(command):
    command.action = _raising(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main.run(["probe"])


def test_nothing_or_a_file_opens_the_window(tmp_path):
    opened = []
    file = tmp_path / "net.gbnet"
    file.touch()
    assert main.run([], lambda name: opened.append(name) or 0) == 0
    assert main.run([str(file)], lambda name: opened.append(name) or 0) == 0
    assert opened == [None, str(file)]


def test_a_missing_file_and_an_unknown_word_say_so(capsys):
    assert main.run(["nowhere.gbnet"], lambda name: 0) == 3
    assert "There is no file nowhere.gbnet" in capsys.readouterr().err
    assert main.run(["docter"], lambda name: 0) == 2
    assert 'Did you mean "doctor"?' in capsys.readouterr().err
    assert main.run(["here", "there"], lambda name: 0) == 2


def test_the_help_lists_what_exists(capsys):
    with pytest.raises(SystemExit) as caught:
        main.run(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for module in main.commands():
        assert f"  {module.NAME}" in text
        assert module.SUMMARY in text


def test_every_command_is_found_by_its_name():
    found = list(main.commands())
    assert found
    for module in found:
        assert main._find(module.NAME) is module
    assert main._find("no-such-command") is None
    assert main._find("main") is None


@pytest.mark.parametrize("name", [module.NAME for module in main.commands()])
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as caught:
        main.run([name, "-h"])
    assert caught.value.code == 0
    assert f"usage: guibuilder {name}" in capsys.readouterr().out


def test_json_stays_json(capsys):
    main.run(["doctor", "--json"])
    assert set(json.loads(capsys.readouterr().out)) == {"checks"}
