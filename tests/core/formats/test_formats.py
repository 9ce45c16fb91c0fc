"""The list of formats, opening by content, and what is said when it fails."""

import os

import pytest

from core.errors import FileError, FormatError
from core.formats import FORMATS, format_of, open_file, save_file
from core.templates import template


def test_formats_are_found():
    assert {"gbnet", "json", "safetensors", "npz"} <= set(FORMATS)
    suffixes = [each.suffix for each in FORMATS.values() if each.suffix]
    assert len(set(suffixes)) == len(suffixes)
    for name, each in FORMATS.items():
        assert each.name == name
        assert each.about.endswith(".")
        assert each.suffix.startswith(".") or (each.files is not None and not each.suffix)
        assert (each.read is None) == (each.match is None)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_whole_or_not_at_all(name, tmp_path):
    path = tmp_path / f"a{FORMATS[name].suffix or '.zip'}"
    save_file(template("mlp"), path, name)
    first = path.read_bytes()
    save_file(template("mlp"), path, name)
    assert path.read_bytes() == first
    assert format_of(path) is (FORMATS[name] if FORMATS[name].suffix else None)


def test_the_content_decides_and_not_the_name(tmp_path):
    save_file(template("mlp"), tmp_path / "a.txt", "gbnet")
    save_file(template("mlp"), tmp_path / "b.gbnet", "json")
    assert open_file(tmp_path / "a.txt").network == open_file(tmp_path / "b.gbnet").network == template("mlp").network


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.gbnet", b"", "is empty"), ("a.onnx", b"\x08\x08", "holds no operator"),
    ("a.pt", b"\x80\x02", "can carry programs"), ("a.h5", b"\x89HDF", "can carry programs"),
    ("a.gbnet", b"\x1f\x8b", "neither"), ("a.png", b"\x89PNG", "neither"),
])
def test_foreign_files_are_named(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=words):
        open_file(tmp_path / name)


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(FileError, match="is no file"):
        open_file(tmp_path / "a.gbnet")
    with pytest.raises(FileError, match="is a folder"):
        open_file(tmp_path)
    with pytest.raises(FileError, match="no format"):
        save_file(template("mlp"), tmp_path / "a.docx")
    with pytest.raises(FileError, match="no format"):
        save_file(template("mlp"), tmp_path / "a.gbnet", "docx")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.gbnet")
    with pytest.raises(FileError, match="is not a file"):
        open_file(tmp_path / "a.gbnet")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"{}")
    path.chmod(0)
    with pytest.raises(FileError, match="may not read"):
        open_file(path)
