"""What the commands share."""

import argparse
import io
import json
import os
import sys
import tempfile
from dataclasses import replace

import pytest

from core.errors import FileError, FormatError, NetworkError, UsageError
from core.formats import save_file
from core.graph.network import Network
from core.templates import template
from core.train.options import TrainOptions
from guibuilder.command_line.common import (
    bytes_in_words,
    checked,
    count_of,
    find_network,
    load_network,
    need_folder,
    percent,
    print_json,
    shape_of,
    table,
)


def test_networks_come_by_name_or_by_file(tmp_path, monkeypatch):
    save_file(template("mlp"), tmp_path / "a.gbnet")
    save_file(template("mlp"), tmp_path / "b.json")
    for name in ("mlp", tmp_path / "a.gbnet", tmp_path / "b.json"):
        assert find_network(str(name)).network == template("mlp").network
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet5").mkdir()
    assert find_network("lenet5").network.name == "LeNet-5"
    with pytest.raises(UsageError, match="Did you mean lenet5"):
        find_network("lenet4")
    with pytest.raises(FileError, match="no file"):
        find_network("missing.gbnet")
    with pytest.raises(FileError, match="no file"):
        find_network("folder/missing")
    (tmp_path / "c.onnx").write_bytes(b"\x08\x08")
    with pytest.raises(FormatError, match="holds no operator"):
        find_network("c.onnx")


def test_a_broken_network_is_refused_with_all_problems():
    network = template("lenet5").network
    broken = network.change(network.names["C3"], kernel=15).disconnect(network.edges[-1])
    with pytest.raises(NetworkError, match="needs at least 15×15") as caught:
        checked(broken)
    assert "Softmax has no input" in caught.value.message
    with pytest.raises(NetworkError, match="empty"):
        checked(Network())
    assert checked(network).runs


@pytest.mark.parametrize(("text", "shape"), [("1,28,28", (1, 28, 28)), ("3x32x32", (3, 32, 32)), ("784", (784,))])
def test_shapes(text, shape):
    assert shape_of(text) == shape


@pytest.mark.parametrize("text", ["", "1,2", "a,b,c", "0,28,28", "1,28,-28", "1,28,28,28"])
def test_what_is_no_shape(text):
    with pytest.raises(argparse.ArgumentTypeError):
        shape_of(text)


def test_words_for_numbers():
    assert [bytes_in_words(count) for count in (12, 5_100, 5_100_000, 55_300_000_000)] == [
        "12 bytes", "5.1 kB", "5.1 MB", "55.3 GB"]
    assert [percent(share) for share in (None, 0.98765, 1)] == ["–", "98.77 %", "100.00 %"]
    assert [count_of(number, "layer") for number in (0, 1, 1234)] == ["0 layers", "1 layer", "1,234 layers"]


def test_tables_are_aligned():
    lines = table([["Name", "Count"], ["a", "1"], ["long one", "1,234"], ["Total", "5"]], "<>",
                  rule_before_last=True).splitlines()
    assert lines == ["Name      Count", "────────  ─────", "a             1", "long one  1,234", "────────  ─────",
                     "Total         5"]


def test_json_is_one_line_without_nan(capsys):
    print_json({"name": "×", "value": 1.5, "epochs": [{"loss": float("nan")}, (float("inf"), 2)]})
    said = capsys.readouterr().out
    assert "×" in said
    assert json.loads(said) == {"name": "×", "value": 1.5, "epochs": [{"loss": None}, [None, 2]]}


def test_json_reaches_a_stream_that_knows_few_letters(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", errors="replace")
    monkeypatch.setattr(sys, "stdout", stream)
    print_json({"message": "5 − 3 → 2"})
    stream.flush()
    assert json.loads(stream.buffer.getvalue()) == {"message": "5 − 3 → 2"}


def test_places_are_checked_before_work_begins(tmp_path):
    assert need_folder(tmp_path / "a.gbnet") == tmp_path / "a.gbnet"
    with pytest.raises(FileError, match="is a folder"):
        need_folder(tmp_path)
    with pytest.raises(FileError, match="no folder"):
        need_folder(tmp_path / "missing" / "a.gbnet")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_takes_no_file_is_refused_before_work_begins(tmp_path, monkeypatch):
    (tmp_path / "old.gbnet").write_text("old")
    assert need_folder(tmp_path / "old.gbnet").read_text() == "old"

    def refuse(dir):  # noqa: A002
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(FileError, match=r"new.gbnet cannot be written \(Permission denied"):
        need_folder(tmp_path / "new.gbnet")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(FileError, match="write-protected"):
        need_folder(tmp_path / "old.gbnet")


def test_the_seed_is_the_commands_or_else_the_projects(tmp_path):
    save_file(replace(template("mlp"), options=TrainOptions(seed=5)), tmp_path / "a.gbnet")
    for name, given, used in ((tmp_path / "a.gbnet", None, 5), (tmp_path / "a.gbnet", 3, 3), ("mlp", None, 0)):
        assert load_network(argparse.Namespace(network=str(name), seed=given)).options.seed == used
