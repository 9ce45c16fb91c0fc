"""The byte stream under IDX and CIFAR: plain or gzipped, never more than was asked for."""

import gzip

import pytest

from core.data.sources.binary import CHUNK, open_bytes
from core.errors import FileError

CONTENT = bytes(range(256)) * 20_000


@pytest.mark.parametrize("packed", [False, True])
def test_reads_in_pieces(tmp_path, packed):
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(CONTENT, 1) if packed else CONTENT)
    with open_bytes(path) as stream:
        assert stream.most >= len(CONTENT)
        assert stream.read(10) == CONTENT[:10]
        assert stream.read(0) == b""
        assert stream.read(3 * CHUNK) == CONTENT[10:10 + 3 * CHUNK]
        assert stream.read(10**9) == CONTENT[10 + 3 * CHUNK:]
        assert stream.read(5) == b""


def test_what_follows_the_packed_content_is_not_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(b"hello") + b"\0" * 500)
    with open_bytes(path) as stream:
        assert stream.read(100) == b"hello"
        assert stream.read(100) == b""


def test_missing_files_and_folders(tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(FileError, match="cannot be opened"):
            open_bytes(path)
