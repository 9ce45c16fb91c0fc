"""How much memory is free, and the refusal in words with a batch that fits."""

import sys

import pytest

from core.errors import MemoryRefused
from core.train import memory

GB = 1_000_000_000


def needs(batch: int) -> int:
    """0.8 GB, and 0.135 GB for each picture, less what the process takes."""
    return 800_000_000 + batch * 135_000_000 - memory.PROCESS_BYTES


def free(monkeypatch, count: int | None) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: count)


def test_available_memory_is_known_here():
    found = memory.available_bytes()
    assert found is None or 10**7 < found < 10**14


@pytest.mark.skipif(sys.platform != "linux", reason="reads the files of Linux")
def test_a_container_may_have_less_than_the_computer(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    whole = memory.available_bytes()
    (tmp_path / "memory.max").write_text("300000000\n")
    (tmp_path / "memory.current").write_text("200000000\n")
    assert memory.available_bytes() == 100_000_000 < whole
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available_bytes() == pytest.approx(whole, rel=0.2)


def test_what_fits_passes(monkeypatch):
    free(monkeypatch, 20 * GB)
    assert memory.check_memory(needs, 64) == ""
    free(monkeypatch, None)
    assert memory.check_memory(needs, 65_536) == ""


def test_what_does_not_fit_is_refused_with_a_batch_that_does(monkeypatch):
    free(monkeypatch, int(7.6 * GB))
    with pytest.raises(MemoryRefused) as caught:
        memory.check_memory(needs, 64)
    assert caught.value.message == ("Training needs 9.4 GB at batch 64, this computer has 7.6 GB free. A batch of 32 "
                                    "would need 5.1 GB.")
    assert caught.value.batch == 32


def test_a_batch_that_only_just_fits_is_better_than_none(monkeypatch):
    free(monkeypatch, 1 * GB)
    assert memory.smaller_batch(needs, 64, 1 * GB) == 1
    assert memory.smaller_batch(lambda batch: needs(64) + batch, 64, int(9.5 * GB)) == 32
    assert memory.smaller_batch(needs, 64, int(5.2 * GB)) == 16
    with pytest.raises(MemoryRefused, match="A batch of 1 would need 935 MB"):
        memory.check_memory(needs, 64)


@pytest.mark.parametrize("batch", [1, 64])
def test_where_no_batch_fits_the_network_is_too_large(monkeypatch, batch):
    free(monkeypatch, GB // 2)
    with pytest.raises(MemoryRefused, match="Make the network smaller, or close other programs") as caught:
        memory.check_memory(needs, batch)
    assert caught.value.batch == 0


def test_above_four_fifths_there_is_a_warning(monkeypatch):
    free(monkeypatch, 10 * GB)
    assert memory.check_memory(needs, 64) == (
        "Training needs 9.4 GB at batch 64, this computer has 10.0 GB free. Other programs may become slow. A batch of "
        "32 would need 5.1 GB.")
    free(monkeypatch, 12 * GB)
    assert memory.check_memory(needs, 64) == ""
