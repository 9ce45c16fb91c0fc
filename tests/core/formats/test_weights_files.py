"""Weights as safetensors and npz."""

import io
import json
import struct

import numpy as np
import pytest
from safetensors.numpy import load

from core.errors import FormatError, NetworkError
from core.formats import FORMATS
from core.formats.weights_files import from_safetensors, to_npz, to_safetensors
from core.project import Project, complete_weights
from core.templates import template

_ARRAYS = {"b.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "a.bias": np.ones(2, np.float32),
           "e.empty": np.zeros((0, 4), np.float32), "s": np.float32(3).reshape(())}


def _raw(header, body=b""):
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + body


def _entry(shape, start, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_arrays_come_back_and_order_does_not_matter():
    data = to_safetensors(_ARRAYS)
    back = from_safetensors(data, "x")
    assert {name: (array.dtype, array.shape, array.tolist()) for name, array in back.items()} == {
        name: (array.dtype, array.shape, array.tolist()) for name, array in _ARRAYS.items()}
    assert to_safetensors(dict(reversed(_ARRAYS.items()))) == data
    assert to_safetensors(back) == data
    assert to_safetensors({"t": _ARRAYS["b.weight"].T})[-24:] == np.ascontiguousarray(_ARRAYS["b.weight"].T).tobytes()


def test_our_own_eight_line_writer_is_read():
    body = np.arange(3, dtype=np.float32).tobytes()
    assert from_safetensors(_raw({"a": _entry([3], 0, 12)}, body), "x")["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(("data", "words"), [
    (b"", "cut off"), (b"\0" * 7, "cut off"), (struct.pack("<Q", 2**60) + b"{}", "cut off"),
    (_raw(b"{}", b"trailing"), "damaged"), (_raw(b"[]"), "not a JSON object"), (_raw(b"{" * 100), "not proper JSON"),
    (_raw(b" " * 2_000_000), "at most 1 MB"), (_raw(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "too deeply"),
    (_raw({f"t{i}": _entry([0], 0, 0) for i in range(10_002)}), "at most 10,000"),
    (_raw({"a": _entry([3], 0, 12)}, b"\0" * 8), "damaged"), (_raw({"a": _entry([4], 0, 12)}, b"\0" * 12), "damaged"),
    (_raw({"a": _entry([2**62, 8], 0, 12)}, b"\0" * 12), "damaged"),
    (_raw({"a": _entry([-3], 0, 12)}, b"\0" * 12), "damaged"), (_raw({"a": _entry([3], 12, 0)}, b"\0" * 12), "damaged"),
    (_raw({"a": _entry([2], 0, 8), "b": _entry([2], 4, 12)}, b"\0" * 12), "damaged"),
    (_raw({"a": _entry([1], 8, 12)}, b"\0" * 12), "damaged"), (_raw({"a": 1}), "None"),
    (_raw({"a": _entry([3], 0, 12, "BF16")}, b"\0" * 12), "BF16"), (_raw({"a": _entry([12], 0, 12, ["F"])}), "read"),
    (_raw(b'{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{}}'), "twice"),
    (_raw({"__metadata__": 5}), "damaged"),
], ids=range(21))
def test_lies_in_the_header_are_refused(data, words):
    with pytest.raises(FormatError, match=words) as caught:
        from_safetensors(data, "x")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(value):
    with pytest.raises(FormatError, match="not finite"):
        from_safetensors(to_safetensors({"a.weight": np.full(3, value, np.float32)}), "x")


def test_npz_is_numpys_own_and_always_the_same():
    one, other = io.BytesIO(), io.BytesIO()
    to_npz(_ARRAYS, one)
    to_npz(dict(reversed(_ARRAYS.items())), other)
    assert one.getvalue() == other.getvalue()
    one.seek(0)
    with np.load(one, allow_pickle=False) as found:
        assert {name: found[name].tolist() for name in found} == {name: a.tolist() for name, a in _ARRAYS.items()}


def test_exports_hold_every_array_of_the_network():
    project = template("lenet5")
    trained = {"C1.bias": np.full(6, 0.5, np.float32), "C3.bias": np.zeros(3, np.float32)}
    project = Project(project.network, trained)
    expected = complete_weights(project)
    assert sum(array.size for array in expected.values()) == 61_706
    assert expected["C1.bias"] is trained["C1.bias"]
    assert expected["C3.bias"].shape == (16,)
    for name, read in (("safetensors", load), ("npz", lambda data: dict(np.load(io.BytesIO(data))))):
        buffer = io.BytesIO()
        FORMATS[name].write(project, buffer)
        found = read(buffer.getvalue())
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[key], array) for key, array in expected.items())


def test_a_network_that_does_not_run_has_no_weights_to_export():
    with pytest.raises(NetworkError, match="empty"):
        complete_weights(Project())
