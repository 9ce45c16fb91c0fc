"""Arrays from files of others: sizes are checked before memory goes."""

import struct

import numpy as np
import pytest

from core.errors import DataError, FileError
from guibuilder.command_line.arrays import read_npy, read_pictures, write_npy, write_npz


def _raw(tmp_path, header, body=b"", version=1):
    path = tmp_path / "x.npy"
    text = header.encode() + b"\n"
    path.write_bytes(b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(text)) + text + body)
    return path


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.array(3), np.zeros((0, 4), np.int8),
                                   np.asfortranarray(np.arange(6).reshape(2, 3)), np.array([True])])
def test_arrays_come_back(tmp_path, array):
    write_npy(tmp_path / "a.npy", array)
    found = read_npy(tmp_path / "a.npy")
    assert (found.dtype, found.shape, found.tolist()) == (array.dtype, array.shape, array.tolist())
    np.save(tmp_path / "b.npy", array)
    assert read_npy(tmp_path / "b.npy").tolist() == array.tolist()


def test_several_arrays_by_name(tmp_path):
    write_npz(tmp_path / "a.npz", {"b.weight": np.ones(2), "loss": np.array(1.5)})
    with np.load(tmp_path / "a.npz") as found:
        assert {name: found[name].tolist() for name in found} == {"b.weight": [1, 1], "loss": 1.5}


@pytest.mark.parametrize(("header", "words"), [
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }", "cut off"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1048576, 1048576, 1048576), }", "cut off"),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "not plain numbers"),
    ("{'descr': '<U9', 'fortran_order': False, 'shape': (1,), }", "not plain numbers"),
    ("{'descr': '<c8', 'fortran_order': False, 'shape': (0,), }", "not plain numbers"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "not a NumPy|cut off"),
    ("__import__('os').system('true')", "not a NumPy"), ("{" * 9000, "not a NumPy"), ("{}", "not a NumPy"),
    ("x" * 20_000, "not a NumPy"),
], ids=range(10))
def test_lies_are_refused(tmp_path, header, words):
    with pytest.raises(FileError, match=words) as caught:
        read_npy(_raw(tmp_path, header))
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("content", [b"", b"\x93NUM", b"PK\x03\x04", b"\x93NUMPY\x09\x00"])
def test_what_is_no_array_is_refused(tmp_path, content):
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(FileError):
        read_npy(tmp_path / "x.npy")


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        read_npy(tmp_path / "missing.npy")
    with pytest.raises(FileError, match="cannot be read"):
        read_npy(tmp_path)


def test_pictures_must_fit_the_network(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((2, 1, 3, 3), np.float64))
    assert read_pictures(tmp_path / "a.npy", (1, 3, 3)).dtype == np.float32
    with pytest.raises(DataError, match="takes any number of 9"):
        read_pictures(tmp_path / "a.npy", (9,))
    np.save(tmp_path / "b.npy", np.ones((0, 9)))
    with pytest.raises(DataError, match="no picture"):
        read_pictures(tmp_path / "b.npy", (9,))
