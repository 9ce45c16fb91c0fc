"""The event file read back by hand, and by TensorBoard where it is installed."""

import struct
from dataclasses import replace

import pytest

from core.formats import save_file
from core.formats.history_csv import history_from_text
from core.formats.tensorboard import NAME, TAGS, crc32c, event_file, masked
from core.templates import template
from core.train.events import EpochDone

HISTORY = (EpochDone(1, 2.25, 0.25, 1.5, 0.5, 3.0), EpochDone(2, 1.125, None, None, None, 2.5),
           EpochDone(300, 0.5, 0.75, 0.625, 0.875, 2.0))


def test_the_checksum_is_castagnolis():
    # RFC 3720, appendix B.4, and its check value.
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes([255] * 32)) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E


def _records(data):
    while data:
        (length,), (of_length,) = struct.unpack("<Q", data[:8]), struct.unpack("<I", data[8:12])
        content, (of_content,) = data[12:12 + length], struct.unpack("<I", data[12 + length:16 + length])
        assert (masked(struct.pack("<Q", length)), masked(content)) == (of_length, of_content)
        yield content
        data = data[16 + length:]


def _fields(data):
    found, place = [], 0

    def varint():
        nonlocal place
        value, shift = 0, 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(data):
        key = varint()
        field, kind = key >> 3, key & 7
        if kind == 0:
            found.append((field, varint()))
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        content = data[place:place + size]
        found.append((field, struct.unpack("<d", content)[0] if kind == 1 else
                      struct.unpack("<f", content)[0] if kind == 5 else content))
        place += size
    return found


def test_every_figure_is_read_back():
    first, *events = [_fields(each) for each in _records(event_file(HISTORY))]
    assert first == [(1, 0.0), (3, b"brain.Event:2")]
    seen = []
    for event in events:
        (_, seconds), (_, step), (_, summary) = event
        values = {tag.decode(): value for _, inner in _fields(summary) for (_, tag), (_, value) in [_fields(inner)]}
        seen.append((step, seconds, values))
    seconds = 0.0
    for (step, at, values), epoch in zip(seen, HISTORY, strict=True):
        seconds += epoch.seconds
        assert (step, at) == (epoch.epoch, seconds)
        assert values == {tag: getattr(epoch, name) for tag, name in TAGS.items()
                          if getattr(epoch, name) is not None}


def test_tensorboard_reads_it(tmp_path):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator", reason="needs tensorboard")
    save_file(replace(template("mlp"), history=HISTORY), tmp_path / "log", "tensorboard")
    found = loader.EventAccumulator(str(tmp_path / "log"))
    found.Reload()
    assert [(each.step, each.value) for each in found.Scalars("loss/train")] == [(1, 2.25), (2, 1.125), (300, 0.5)]


def test_the_log_as_a_table_and_the_folder(tmp_path):
    project = replace(template("mlp"), history=HISTORY)
    save_file(project, tmp_path / "log.csv", "csv")
    text = (tmp_path / "log.csv").read_text("ascii")
    assert text.splitlines()[0] == "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds"
    assert history_from_text(text, "the log") == HISTORY
    save_file(project, tmp_path / "log", "tensorboard")
    assert [path.name for path in (tmp_path / "log").iterdir()] == [NAME]
