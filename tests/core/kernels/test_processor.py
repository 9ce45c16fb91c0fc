"""Lane counts of processors."""

import pytest

from core.kernels import processor


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    for name in ("GUIBUILDER_LANES", "NUMBA_CPU_FEATURES", "NUMBA_CPU_NAME"):
        monkeypatch.delenv(name, raising=False)


def test_this_machine_has_one_of_the_known_counts():
    assert processor.lane_count() in (4, 8, 16)
    assert processor.processor_name()


@pytest.mark.parametrize(("name", "lanes"), [
    ("skylake-avx512", 16), ("znver5", 16), ("sapphirerapids", 16), ("haswell", 8), ("znver2", 8), ("alderlake", 8),
    ("skylake", 8), ("nehalem", 4), ("apple-m1", 4), ("generic", 4)])
def test_named_processors(monkeypatch, name, lanes):
    monkeypatch.setenv("NUMBA_CPU_NAME", name)
    assert processor.lane_count() == lanes
    assert processor.processor_name() == name


@pytest.mark.parametrize(("features", "lanes"), [
    ("+avx512f,+avx2,+fma", 16), ("+avx2,+fma,-avx512f", 8), ("+avx2", 4), ("+neon", 4), ("", 4)])
def test_named_features_count_more_than_the_name(monkeypatch, features, lanes):
    monkeypatch.setenv("NUMBA_CPU_NAME", "znver5")
    monkeypatch.setenv("NUMBA_CPU_FEATURES", features)
    assert processor.lane_count() == lanes


def test_an_override_counts_most_where_it_makes_sense(monkeypatch):
    monkeypatch.setenv("NUMBA_CPU_NAME", "haswell")
    monkeypatch.setenv("GUIBUILDER_LANES", "4")
    assert processor.lane_count() == 4
    monkeypatch.setenv("GUIBUILDER_LANES", "5")
    assert processor.lane_count() == 8
