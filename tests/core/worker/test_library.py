"""Data sets are loaded once, and anew when their files change."""

import os
from dataclasses import replace

import numpy as np

from core.data.load import describe
from core.worker import library
from core.worker.library import Library, at_hand


def test_a_data_set_is_loaded_once():
    shelf = Library()
    assert shelf.load("digits") is shelf.load("digits")


def test_another_seed_is_another_data_set():
    shelf = Library()
    assert shelf.load("shapes", seed=1) is not shelf.load("shapes", seed=2)


def test_a_changed_file_is_loaded_anew(tmp_path):
    path, shelf = tmp_path / "own.npz", Library()

    def write(value: int) -> None:
        pictures = np.full((6, 4, 4), value, np.uint8)
        np.savez(path, x_train=pictures, y_train=np.arange(6) % 2, x_test=pictures, y_test=np.arange(6) % 2)

    write(10)
    first = shelf.load(str(path))
    assert shelf.load(str(path)) is first
    write(20)
    os.utime(path, ns=(1, 1))
    assert shelf.load(str(path)).train_x.max() == 20


def test_only_a_few_are_kept(monkeypatch):
    digits, loaded = Library().load("digits"), []

    def load(name, *, seed, progress):
        loaded.append(name)
        return replace(digits, name=name)

    monkeypatch.setattr(library, "load", load)
    shelf = Library()
    for name in "abcdaa":
        assert shelf.load(name).name == name
    assert loaded == ["a", "b", "c", "d", "a"]
    monkeypatch.setattr(library, "MOST_BYTES", digits.train_x.nbytes)
    shelf.load("e")
    shelf.load("a")
    assert loaded[-2:] == ["e", "a"], "large sets push the others out"


def test_what_is_built_in_or_a_path_needs_no_download():
    assert at_hand("digits")
    assert at_hand("/some/folder")
    assert at_hand("mnist") == next(each.available for each in describe() if each.name == "mnist")
