"""Drawn shapes: repeatable, as many and as large as asked, with a coverage that tells the right answer."""

import dataclasses

import numpy as np
import pytest

from core.data.load import load
from core.data.silhouettes import SILHOUETTES
from core.data.sources import shapes
from core.data.sources.shapes import ShapesOptions, draw, is_shapes, parse
from core.errors import DataError, UsageError
from core.settings import settings_of

QUICK = ShapesOptions(train=40, test=20)


def test_options_in_a_name_and_back():
    options = parse("shapes:size=32, colour=yes,noise=0.2,rotation=180")
    assert options == ShapesOptions(size=32, colour=True, noise=0.2, rotation=180.0)
    assert parse(options.name()) == options
    assert parse("shapes") == ShapesOptions()
    assert ShapesOptions().name() == "shapes"
    assert parse("shapes:color=on").colour
    assert parse("shapes:colour=no") == ShapesOptions()


@pytest.mark.parametrize("name", ["shapes:weight=3", "shapes:size=7", "shapes:size=big", "shapes:noise=nan",
                                  "shapes:colour=blue", "shapes:rotation=-1", "shapes:size", "shapes:train=1e9"])
def test_bad_options_are_named(name):
    with pytest.raises(UsageError):
        load(name)


def test_every_setting_refuses_its_bad_values():
    for declared in settings_of(ShapesOptions).values():
        for bad in declared.bad_values():
            with pytest.raises(UsageError):
                dataclasses.replace(QUICK, **{declared.name: bad})


def test_is_shapes():
    assert is_shapes("shapes")
    assert is_shapes("shapes:size=9")
    assert not is_shapes("shapes2")


def test_the_same_seed_draws_the_same_pictures():
    first, again, other = draw(QUICK, 30, 0), draw(QUICK, 30, 0), draw(QUICK, 30, 1)
    assert np.array_equal(first.pictures, again.pictures)
    assert not np.array_equal(first.pictures, other.pictures)
    assert not np.array_equal(first.pictures, draw(QUICK, 30, 0, "test").pictures)


@pytest.mark.parametrize(("name", "shape"), [("size=8", (1, 8, 8)), ("size=41,colour=yes", (3, 41, 41))])
def test_size_and_colour(name, shape):
    data = load(f"shapes:{name},train=30,test=10")
    assert data.shape == shape
    assert (len(data.train_y), len(data.test_y)) == (30, 10)
    assert data.classes == tuple(sorted(SILHOUETTES))
    assert len(data.classes) == 10, "as many as digits, so that the same networks fit"


def test_classes_are_equally_frequent():
    assert np.bincount(draw(QUICK, 205, 0).labels).tolist() == [21] * 5 + [20] * 5


def test_drawing_in_pieces_changes_nothing_but_the_chance(monkeypatch):
    monkeypatch.setattr(shapes, "AT_ONCE", 7 * 28 * 28)
    drawn = draw(QUICK, 30, 0)
    assert (drawn.coverage.sum(axis=(1, 2)) > 40).all()


def test_the_shape_is_bright_where_it_covers_and_dark_elsewhere():
    drawn = draw(dataclasses.replace(QUICK, noise=0.0), 300, 0)
    grey = drawn.pictures[:, 0] / 255
    for picture, cover in zip(grey, drawn.coverage, strict=True):
        assert picture[cover == 1].mean() > picture[cover == 0].mean() + 0.3
    soft = ((drawn.coverage > 0.02) & (drawn.coverage < 0.98)).sum(axis=(1, 2))
    assert soft.min() > 8, "outlines are antialiased"


def test_shapes_lie_inside_the_picture():
    covered = draw(dataclasses.replace(QUICK, rotation=180.0), 500, 0).coverage
    border = np.concatenate([covered[:, 0], covered[:, -1], covered[:, :, 0], covered[:, :, -1]], axis=1)
    assert border.max() < 0.5


def test_area_grows_with_the_picture_and_stays_the_same_when_turned():
    straight = dataclasses.replace(QUICK, rotation=0.0)
    areas = [draw(dataclasses.replace(straight, size=size), 200, 0).coverage.mean(axis=(1, 2)) for size in (20, 40)]
    assert areas[0] == pytest.approx(areas[1], rel=0.06)
    turned = draw(dataclasses.replace(QUICK, rotation=180.0), 200, 0).coverage.mean(axis=(1, 2))
    calm = draw(straight, 200, 0).coverage.mean(axis=(1, 2))
    assert turned == pytest.approx(calm, rel=0.06, abs=0.003), "the same places and sizes, only turned"


def test_noise_is_as_strong_as_asked():
    calm = dataclasses.replace(QUICK, noise=0.0)
    noisy = dataclasses.replace(QUICK, noise=0.05)
    difference = draw(noisy, 60, 0).pictures / 255 - draw(calm, 60, 0).pictures / 255
    ground = draw(calm, 60, 0).pictures
    assert difference[(ground > 60) & (ground < 200)].std() == pytest.approx(0.05, rel=0.1)


def test_too_many_large_shapes_are_refused_before_they_are_drawn():
    with pytest.raises(DataError, match="MB"):
        load("shapes:size=256,train=200000,colour=yes")


def test_colours_of_shape_and_ground_differ():
    drawn = draw(ShapesOptions(colour=True, noise=0.0, size=32), 200, 0)
    for picture, cover in zip(drawn.pictures, drawn.coverage, strict=True):
        inside, outside = (picture[:, rows].mean(axis=1) for rows in (cover == 1, cover == 0))
        assert np.abs(inside - outside).max() > 60
    hues = drawn.pictures.reshape(200, 3, -1).mean(axis=2).argmax(axis=1)
    assert set(hues) == {0, 1, 2}
