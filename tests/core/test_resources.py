"""The program's own files are found wherever it was installed."""

import pytest

from core import resources
from core.errors import FileError


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A pretended installation; the real answer comes back afterwards."""
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "core" / "resources.py"))
    resources.resources_folder.cache_clear()
    yield tmp_path
    resources.resources_folder.cache_clear()


def test_an_installed_package_comes_before_a_checkout(places):
    (places / "resources").mkdir()
    assert resources.resources_folder() == places / "resources"
    (places / "guibuilder" / "_resources").mkdir(parents=True)
    resources.resources_folder.cache_clear()
    assert resources.resources_folder() == places / "guibuilder" / "_resources"


def test_a_frozen_program_has_its_own_folder(places, monkeypatch):
    bundle = places / "bundle"
    (bundle / "resources").mkdir(parents=True)
    monkeypatch.setattr(resources.sys, "_MEIPASS", str(bundle), raising=False)
    assert resources.resources_folder() == bundle / "resources"


def test_missing_files_say_what_to_do(places):
    with pytest.raises(FileError, match="Install guibuilder again"):
        resources.resources_folder()
    (places / "resources").mkdir()
    with pytest.raises(FileError, match=r"data/digits\.npz"):
        resources.resource("data", "digits.npz")
