"""The zip: only known members, no lies, no bombs."""

import io
import struct
import warnings
import zipfile
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import FormatError
from core.formats.container import read_container, write_container

LIMITS = {"a.json": 1000, "b.bin": 3_000_000}
MEMBERS = {"a.json": b'{"a": 1}', "b.bin": bytes(range(256))}


def _written(members=MEMBERS):
    buffer = io.BytesIO()
    write_container(buffer, members)
    return buffer.getvalue()


def _zip(members, method=zipfile.ZIP_DEFLATED, comment=b""):
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(name, content)
        archive.comment = comment
    return buffer.getvalue()


def _read(data):
    return read_container(io.BytesIO(data), LIMITS, "x")


def _patched(data, signature, offset, form, value):
    at = data.rindex(signature) + offset
    return data[:at] + struct.pack(form, value) + data[at + struct.calcsize(form):]


def test_members_come_back_in_order():
    assert list(_read(_written()).items()) == list(MEMBERS.items())
    assert _read(_zip(MEMBERS.items())) == MEMBERS


@pytest.mark.parametrize(("data", "words"), [
    (b"", "damaged"), (b"PK\x03\x04", "damaged"), (_written()[:-1], "damaged"), (_written()[:100], "damaged"),
    (_written() + b"\0", "damaged"), (_zip([("../evil", b"")]), "evil"), (_zip([("/abs/a.json", b"")]), "abs"),
    (_zip([("c.json", b"")]), "c.json"), (_zip([("a.json", b"1"), ("a.json", b"2")]), "twice"),
    (_zip([("a.json", bytes(1001))]), "claims"), (_zip([("b.bin", bytes(2_900_000))]), "claims"),
    (_zip(MEMBERS.items(), zipfile.ZIP_BZIP2), "packed"), (_zip(MEMBERS.items(), zipfile.ZIP_LZMA), "packed"),
    (_zip(MEMBERS.items(), comment=b"hello"), "damaged"),
    (_patched(_written(), b"PK\x01\x02", 8, "<H", 1), "packed"),
    (_patched(_written(), b"PK\x01\x02", 24, "<I", 2_000_000), "claims|damaged"),
    (_patched(_written(), b"PK\x01\x02", 24, "<I", 200), "damaged"),
    (_patched(_written(), b"PK\x01\x02", 16, "<I", 1234), "damaged"),
    (_patched(_written(), b"PK\x01\x02", 42, "<I", 0), "damaged"),
    (_patched(_written(), b"PK\x01\x02", 42, "<I", 2**32 - 1), "damaged"),
    (_patched(_written(), b"PK\x05\x06", 12, "<I", 2**31), "damaged"),
    (_patched(_written(), b"PK\x05\x06", 16, "<I", 2**31), "damaged"),
    (_zip([(f"{number}.json", b"") for number in range(3000)]), "damaged"),
], ids=range(23))
def test_lies_are_refused(data, words):
    with pytest.raises(FormatError, match=words) as caught:
        _read(data)
    assert "\n" not in caught.value.message


def test_a_member_that_unpacks_to_more_than_it_says_is_refused():
    data = _zip([("a.json", b"x" * 900)])
    smaller = _patched(_patched(data, b"PK\x01\x02", 24, "<I", 500), b"PK\x03\x04", 22, "<I", 500)
    crc = zlib.crc32(b"x" * 500)
    honest = _patched(_patched(smaller, b"PK\x01\x02", 16, "<I", crc), b"PK\x03\x04", 14, "<I", crc)
    with pytest.raises(FormatError, match="damaged"):
        _read(smaller)
    assert len(_read(honest)["a.json"]) == 500


def test_members_that_share_bytes_are_refused():
    """A stored member whose content is another member whole: both are listed, the bytes are there once."""
    inner = _written({"a.json": b"{}" * 10})
    local = inner[:inner.index(b"PK\x01\x02")]
    outer = _written({"b.bin": local, "a.json": b"{}" * 10})
    honest = outer.rindex(b"PK\x01\x02")
    place = outer.index(local)
    shared = outer[:honest + 42] + struct.pack("<I", place) + outer[honest + 46:]
    with zipfile.ZipFile(io.BytesIO(shared)) as archive:
        assert archive.infolist()[1].header_offset == place
    assert len(_read(outer)) == 2
    with pytest.raises(FormatError, match="damaged"):
        _read(shared)


# This one makes the first member's comment swallow the second member's entry.
@example(len(_written()) - 93, 51)
@given(st.integers(0, len(_written()) - 1), st.integers(1, 255))
@settings(max_examples=200)
def test_a_changed_byte_is_refused_or_harmless(position, change):
    data = bytearray(_written())
    data[position] ^= change
    try:
        found = _read(bytes(data))
    except FormatError:
        return
    assert found == MEMBERS
