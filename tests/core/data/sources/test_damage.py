"""Any damage to any kind of file ends in a data set or in one sentence, quickly and without much memory."""

import contextlib
import gzip
import io
import time
import tracemalloc
import zipfile

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from core.data.raw import finish
from core.data.sources.cifar import load_cifar
from core.data.sources.idx import read_idx
from core.data.sources.npz import load_npz
from core.errors import CoreError
from tests.core.data.files import cifar_records, idx_bytes, tar_file

CHANCE = np.random.default_rng(0)


def _npz(compressed):
    buffer = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(buffer, x_train=CHANCE.integers(0, 256, (6, 3, 3), dtype=np.uint8), y_train=np.arange(6) % 2)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tar_file(tmp_path_factory.mktemp("cifar") / "a.tar.gz", [("x/data_batch_1.bin", cifar_records([1] * 3)[0])])
    return gzip.decompress(path.read_bytes())


IDX = idx_bytes(CHANCE.integers(0, 256, (5, 4, 4), dtype=np.uint8))
DAMAGE = strategies.lists(strategies.tuples(strategies.integers(0, 400), strategies.integers(0, 255)), max_size=5)


def damaged(content, damage, cut):
    changed = bytearray(content)
    for place, value in damage:
        changed[place % len(changed)] = value
    return bytes(changed[:max(1, int(len(changed) * cut))])


def attempt(load, path):
    tracemalloc.start()
    start = time.monotonic()
    with contextlib.suppress(CoreError):
        finish("x", load(path), 0)
    seconds, peak = time.monotonic() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000_000
    assert seconds < 10


CUTS = strategies.sampled_from([1.0, 1.0, 1.0, 0.5, 0.99])


@hypothesis.given(damage=DAMAGE, cut=CUTS, packed=strategies.booleans())
def test_idx(tmp_path_factory, damage, cut, packed):
    path = tmp_path_factory.getbasetemp() / "damaged-idx"
    content = damaged(IDX, damage, cut)
    path.write_bytes(gzip.compress(content) if packed else content)
    with contextlib.suppress(CoreError):
        assert read_idx(path, 3).ndim == 3


@hypothesis.settings(max_examples=200)
@hypothesis.given(damage=DAMAGE, cut=CUTS, compressed=strategies.booleans())
def test_npz(tmp_path_factory, damage, cut, compressed):
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(damaged(_npz(compressed), damage, cut))
    attempt(load_npz, path)


@hypothesis.given(damage=DAMAGE)
def test_npz_with_damaged_members(tmp_path_factory, damage):
    """The zip itself is whole, its checksums are right; only the array inside lies."""
    path = tmp_path_factory.getbasetemp() / "lying.npz"
    with zipfile.ZipFile(io.BytesIO(_npz(compressed=False))) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, damaged(old.read(name), damage, 1))
    attempt(load_npz, path)


@hypothesis.given(damage=DAMAGE, cut=CUTS)
def test_cifar(tmp_path_factory, archive, damage, cut):
    path = tmp_path_factory.getbasetemp() / "damaged.tar.gz"
    path.write_bytes(gzip.compress(damaged(archive, damage, cut), 1))
    attempt(load_cifar, path)
