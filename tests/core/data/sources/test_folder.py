"""Folders of pictures: classes, parts, mixed sizes and kinds, and what must not be followed or read."""

import tracemalloc

import numpy as np
import pytest

from core.data.raw import finish
from core.data.sources import folder
from core.data.sources.folder import is_picture_folder, load_folder
from core.errors import DataError, FileError
from tests.core.data.files import bomb_picture, picture_file

CHANCE = np.random.default_rng(0)


def grey(side=6):
    return CHANCE.integers(0, 256, (side, side), dtype=np.uint8)


def colour(side=6):
    return CHANCE.integers(0, 256, (side, side, 3), dtype=np.uint8)


def filled(root, classes=("b", "a", "c"), count=4, make=grey):
    written = {}
    for name in classes:
        written[name] = [make() for _ in range(count)]
        for number, pixels in enumerate(written[name]):
            picture_file(root / name / f"{number}.png", pixels)
    return written


def test_classes_are_sorted_names_and_pixels_as_written(tmp_path):
    written = filled(tmp_path)
    (tmp_path / "notes.txt").write_text("not a class")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    assert is_picture_folder(tmp_path)
    raw = load_folder(tmp_path)
    assert raw.classes == ("a", "b", "c")
    assert raw.train.y.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert np.array_equal(raw.train.x[:, 0], np.array(written["a"] + written["b"] + written["c"]))
    data = finish("x", raw, 0)
    assert (len(data.train_y), len(data.test_y)) == (10, 2)


def test_train_and_test_inside(tmp_path):
    written = filled(tmp_path / "train"), filled(tmp_path / "test", ("a", "c"), count=2)
    raw = load_folder(tmp_path)
    assert (len(raw.train.y), raw.test.y.tolist()) == (12, [0, 0, 2, 2])
    assert np.array_equal(raw.test.x[3, 0], written[1]["c"][1])
    filled(tmp_path / "test", ("z",))
    with pytest.raises(DataError, match="'z'"):
        load_folder(tmp_path)


def test_train_alone_and_a_class_called_train(tmp_path):
    filled(tmp_path / "only" / "train")
    assert load_folder(tmp_path / "only").classes == ("a", "b", "c")
    filled(tmp_path / "named", ("train", "tram"))
    assert load_folder(tmp_path / "named").classes == ("train", "tram")


def test_colour_among_grey_makes_all_colour(tmp_path):
    filled(tmp_path, ("a", "b"))
    picture = picture_file(tmp_path / "b" / "x.png", colour())
    raw = load_folder(tmp_path)
    assert raw.train.x.shape == (9, 3, 6, 6)
    assert "Grey pictures are repeated in all 3 channels." in raw.notes
    assert np.array_equal(raw.train.x[0, 0], raw.train.x[0, 2])
    assert picture.exists()


def test_the_commonest_size_is_taken(tmp_path):
    filled(tmp_path, ("a",), 3, lambda: grey(10))
    filled(tmp_path, ("b",), 2, lambda: grey(40))
    picture_file(tmp_path / "b" / "x.png", grey(7))
    raw = load_folder(tmp_path)
    assert raw.train.x.shape == (6, 1, 10, 10)
    assert raw.notes == ("Pictures of 3 sizes are fitted to 10×10.",)
    assert raw.train.x[5, 0, 0].tolist() == [0] * 10, "the small one is padded"
    assert raw.train.x[5, 0, 1:8, 1:8].any()


def test_large_pictures_are_scaled_down(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "LARGEST_SIDE", 16)
    filled(tmp_path, ("a", "b"), 2, lambda: CHANCE.integers(0, 256, (64, 32), dtype=np.uint8))
    raw = load_folder(tmp_path)
    assert raw.train.x.shape == (4, 1, 16, 8)
    assert raw.notes == ("The pictures are scaled down to 16×8.",)


def test_sixteen_bits_become_eight_and_transparency_white(tmp_path):
    picture_file(tmp_path / "a" / "1.png", np.full((2, 2), 65_535, np.uint16))
    picture_file(tmp_path / "a" / "2.png", np.zeros((2, 2, 4), np.uint8))
    raw = load_folder(tmp_path)
    assert raw.train.x.min() == 255
    picture_file(tmp_path / "a" / "1.png", np.array([[128, 129], [257, 65_406]], np.uint16))
    assert load_folder(tmp_path).train.x[0, 0].ravel().tolist() == [0, 1, 1, 254]
    assert {"16-bit values are scaled to 0 … 1.", "Transparent parts are shown over white."} <= set(raw.notes)


def test_pictures_that_cannot_be_read_are_left_out_and_named(tmp_path):
    filled(tmp_path, ("a", "b"))
    (tmp_path / "a" / "broken.png").write_bytes(b"nothing")
    whole = picture_file(tmp_path / "b" / "half.png", grey(40)).read_bytes()
    (tmp_path / "b" / "half.png").write_bytes(whole[:len(whole) // 2])
    bomb_picture(tmp_path / "b" / "bomb.png")
    tracemalloc.start()
    raw = load_folder(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert len(raw.train.y) == 8
    note, = (note for note in raw.notes if "left out" in note)
    assert "3 of 11 pictures" in note
    assert all(name in note for name in ("broken.png", "half.png", "bomb.png"))


def test_nothing_that_can_be_read(tmp_path):
    (tmp_path / "a").mkdir()
    assert not is_picture_folder(tmp_path)
    (tmp_path / "a" / "x.png").write_bytes(b"")
    with pytest.raises(FileError, match="no pictures that can be read"):
        load_folder(tmp_path)


def test_links_to_the_outside_are_not_followed(tmp_path):
    filled(tmp_path / "set", ("a", "b"))
    secret = picture_file(tmp_path / "secret" / "s.png", grey())
    try:
        (tmp_path / "set" / "a" / "link.png").symlink_to(secret)
        (tmp_path / "set" / "b" / "inside.png").symlink_to(tmp_path / "set" / "a" / "0.png")
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert len(load_folder(tmp_path / "set").train.y) == 9


def test_too_many_pictures_for_memory(tmp_path, monkeypatch):
    filled(tmp_path)
    monkeypatch.setattr(folder, "MOST_PICTURES", 3)
    with pytest.raises(DataError, match="more than 3"):
        load_folder(tmp_path)
    monkeypatch.setattr(folder, "MOST_PICTURES", 300)
    monkeypatch.setattr("core.data.raw.LARGEST_SET", 100)
    with pytest.raises(DataError, match="12 pictures of 1×6×6"):
        load_folder(tmp_path)
