"""How much memory is free, and the refusal in words."""

import pytest

from core.errors import TrainingError
from core.train import memory


def test_available_memory_is_known_here():
    found = memory.available_bytes()
    assert found is None or 10**8 < found < 10**14


def test_what_fits_passes(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1_000_000_000)
    memory.check_memory(500_000_000, 64)
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    memory.check_memory(10**15, 64)


@pytest.mark.parametrize(("batch", "advice"), [(64, "Choose a smaller batch than 64"), (1, "Make the network smaller")])
def test_what_does_not_fit_is_refused_with_its_numbers(monkeypatch, batch, advice):
    monkeypatch.setattr(memory, "available_bytes", lambda: 2_500_000_000)
    with pytest.raises(TrainingError, match=advice) as caught:
        memory.check_memory(2_910_000_000, batch)
    assert "about 3.0 GB of memory, but only 2.5 GB are free" in caught.value.message
