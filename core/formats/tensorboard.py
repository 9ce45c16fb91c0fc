"""TensorBoard: the figures of each epoch as an event file.

An event file is a series of records, each with its length and the checksums of both (TFRecord); a record is a protocol
buffer `Event` (tensorflow/core/util/event.proto) of which a few fields are needed. Tests read it back by hand, and
with TensorBoard where that is installed.
"""

import struct
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO

from core.formats.base import Files, Format
from core.formats.folder import write_zip
from core.project import Project
from core.train.events import EpochDone

TAGS = {"loss/train": "train_loss", "loss/validation": "validation_loss", "accuracy/train": "train_accuracy",
        "accuracy/validation": "validation_accuracy"}
# TensorBoard takes files of which this is a part of the name.
NAME = "events.out.tfevents.0.guibuilder"
_VERSION = "brain.Event:2"
_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8
_WORD = 0xFFFFFFFF


def event_file(history: tuple[EpochDone, ...]) -> bytes:
    """The whole file; an epoch is a step, and its time the seconds that the training had taken by then."""
    return b"".join(record(event) for event in _events(history))


def record(data: bytes) -> bytes:
    """Length, checksum of the length, data, checksum of the data."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(length)) + data + struct.pack("<I", masked(data))


def masked(data: bytes) -> int:
    """CRC-32C, rotated and shifted, as TFRecord stores it."""
    checksum = crc32c(data)
    return (((checksum >> 15) | (checksum << 17)) + _MASK_DELTA) & _WORD


def crc32c(data: bytes) -> int:
    """The cyclic redundancy check of Castagnoli and others (1993)."""
    table, value = _table(), _WORD
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ _WORD


@cache
def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        found.append(value)
    return tuple(found)


def _events(history: tuple[EpochDone, ...]) -> Iterator[bytes]:
    """Field 1: time (double), 2: step, 3: version, 5: summary."""
    yield _double(1, 0.0) + _bytes(3, _VERSION.encode())
    seconds = 0.0
    for epoch in history:
        seconds += epoch.seconds
        values = [(tag, getattr(epoch, name)) for tag, name in TAGS.items()]
        summary = b"".join(_bytes(1, _bytes(1, tag.encode()) + _float(2, value)) for tag, value in values
                           if value is not None)
        yield _double(1, seconds) + _number(2, epoch.epoch) + _bytes(5, summary)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _files(project: Project, name: str) -> Files:
    return {NAME: lambda file: file.write(event_file(project.history))}


def _write(project: Project, file: BinaryIO) -> None:
    write_zip(_files(project, ""), file)


FORMAT = Format("tensorboard", "Training log (TensorBoard)", "", "A folder with loss and accuracy of each epoch, for "
                "TensorBoard.", _write, files=_files)
