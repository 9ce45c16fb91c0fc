"""Old machine code goes; what is in use, or is no cache of ours, stays."""

import os
import time

import pytest

from core.kernels.old_caches import DAYS_KEPT, forget_old_caches

NOW, OLD, OTHER = "0123456789abcdef", "fedcba9876543210", "00000000ffffffff"


@pytest.fixture
def place(tmp_path):
    """The cache in use, one from long ago and one from last week, each with a file."""
    days = {NOW: DAYS_KEPT + 9, OLD: DAYS_KEPT + 1, OTHER: 7}
    for name, age in days.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel.nbi").write_bytes(b"code")
        _age(tmp_path / name, age)
    return tmp_path


def _age(path, days):
    then = time.time() - days * 86_400
    os.utime(path, (then, then))


def test_only_what_nobody_used_for_a_month_goes(place):
    assert forget_old_caches(place / NOW) == 1
    assert sorted(folder.name for folder in place.iterdir()) == sorted([NOW, OTHER])
    assert time.time() - (place / NOW).stat().st_mtime < 60, "marked as used, so that another version spares it"


def test_what_is_no_cache_stays(place, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious").write_text("mine")
    (place / "abcdefabcdefabcd").symlink_to(elsewhere, target_is_directory=True)
    (place / "photos").mkdir()
    (place / "aaaaaaaaaaaaaaaa").write_text("a file")
    for name in ("photos", "aaaaaaaaaaaaaaaa"):
        _age(place / name, 400)
    _age(elsewhere, 400)
    forget_old_caches(place / NOW)
    assert (elsewhere / "precious").exists()
    assert (place / "photos").exists()
    assert (place / "aaaaaaaaaaaaaaaa").exists()


@pytest.mark.parametrize("current", [None, "guibuilder-kernels-x1y2"])
def test_a_cache_for_one_start_alone_has_no_neighbours_to_judge(place, current):
    assert forget_old_caches(place / current if current else None) == 0
    assert (place / OLD).exists()
