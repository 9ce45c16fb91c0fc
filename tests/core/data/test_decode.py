"""Picture files of every mode Pillow knows, upright and opaque; damaged and hostile ones refused in one sentence."""

import contextlib
import io
import tracemalloc

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies
from PIL import Image

from core.data.decode import SUFFIXES, decode, picture_size
from core.errors import FileError
from tests.core.data.files import bomb_picture, picture_file

RANDOM = np.random.default_rng(0)


def saved(tmp_path, image, name="a.png", **options):
    image.save(tmp_path / name, **options)
    return tmp_path / name


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("L", 1), ("LA", 1), ("P", 3), ("RGB", 3), ("RGBA", 3),
                                                ("I;16", 1)])
def test_modes(tmp_path, mode, channels):
    grey = Image.fromarray(RANDOM.integers(0, 256, (5, 7), dtype=np.uint8))
    image = Image.fromarray(np.full((5, 7), 300, np.uint16)) if mode == "I;16" else grey.convert(mode)
    path = saved(tmp_path, image)
    picture = decode(path)
    assert picture.pixels.shape == (channels, 5, 7)
    assert picture_size(path) == (channels, 5, 7)
    assert picture.pixels.dtype == (np.uint16 if mode == "I;16" else np.uint8)
    if mode in ("L", "LA"):
        assert np.array_equal(picture.pixels[0], np.asarray(grey))


def test_other_colours_become_red_green_and_blue(tmp_path):
    image = Image.new("CMYK", (4, 3), (0, 255, 255, 0))
    red, green, _ = decode(saved(tmp_path, image, "a.jpg", quality=100)).pixels[:, 0, 0]
    assert red > 200 > 60 > green


def test_transparency_over_white(tmp_path):
    x = np.zeros((1, 3, 4), np.uint8)
    x[0, :, 0], x[0, :, 3] = 200, (0, 128, 255)
    picture = decode(picture_file(tmp_path / "a.png", x))
    assert picture.pixels[:, 0, :].T.tolist() == [[255, 255, 255], [227, 127, 127], [200, 0, 0]]
    assert picture.notes == ("Transparent parts are shown over white.",)


def test_an_opaque_picture_with_an_alpha_channel_needs_no_words(tmp_path):
    assert decode(picture_file(tmp_path / "a.png", np.full((2, 2, 4), 255, np.uint8))).notes == ()


def test_a_transparent_palette_colour(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60] + [0] * 762)
    image.putdata([0, 1])
    picture = decode(saved(tmp_path, image, transparency=0))
    assert picture.pixels[:, 0].T.tolist() == [[255, 255, 255], [40, 50, 60]]


def test_a_camera_held_sideways(tmp_path):
    image = Image.fromarray(np.array([[0, 255, 255], [255, 255, 255]], np.uint8))
    exif = image.getexif()
    exif[0x0112] = 6
    path = saved(tmp_path, image, exif=exif)
    picture = decode(path)
    assert picture_size(path) == (1, 3, 2)
    assert picture.pixels[0].tolist() == [[255, 0], [255, 255], [255, 255]]
    assert picture.notes == ("The picture is turned upright as its camera noted.",)


def test_a_film_gives_its_first_picture(tmp_path):
    frames = [Image.new("L", (3, 3), shade) for shade in (0, 255)]
    picture = decode(saved(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:]))
    assert picture.pixels.max() == 0
    assert "first of several" in picture.notes[0]


def test_too_many_pixels_are_refused_without_taking_memory(tmp_path):
    for width, height in ((60_000, 60_000), (5_001, 5_001), (2**31 - 1, 2**31 - 1)):
        tracemalloc.start()
        with pytest.raises(FileError, match=r"25 million pixels|cannot be read"):
            decode(bomb_picture(tmp_path / "bomb.png", width, height))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
        tracemalloc.stop()


def test_an_empty_promise_is_damaged(tmp_path):
    with pytest.raises(FileError, match="damaged"):
        decode(bomb_picture(tmp_path / "short.png", 3_000, 3_000))


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\x89PNG\r\n\x1a\n", b"GIF89a", b"<svg/>",
                                     b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_what_is_no_picture(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(FileError, match="cannot be read as a picture"):
        decode(tmp_path / "a.png")


def test_formats_with_too_many_doors_are_not_opened(tmp_path):
    path = saved(tmp_path, Image.new("L", (3, 3)), format="TIFF")
    with pytest.raises(FileError, match="cannot be read as a picture"):
        decode(path)


def test_folders_and_missing_files(tmp_path):
    with pytest.raises(FileError, match=r"There is no picture|folder"):
        decode(tmp_path)
    with pytest.raises(FileError, match="There is no picture"):
        decode(tmp_path / "missing.png")


def _encoded():
    image = Image.fromarray(RANDOM.integers(0, 256, (12, 10, 3), dtype=np.uint8))
    for kind in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM"):
        buffer = io.BytesIO()
        image.save(buffer, kind)
        yield buffer.getvalue()


ENCODED = list(_encoded())


@hypothesis.settings(max_examples=150)
@hypothesis.given(data=strategies.data())
def test_damage_gives_a_picture_or_one_sentence(tmp_path_factory, data):
    content = bytearray(data.draw(strategies.sampled_from(ENCODED)))
    for _ in range(data.draw(strategies.integers(1, 4))):
        content[data.draw(strategies.integers(0, len(content) - 1))] = data.draw(strategies.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.png"
    path.write_bytes(bytes(content[:data.draw(strategies.integers(1, len(content)))]))
    for read in (picture_size, decode):
        with contextlib.suppress(FileError):
            read(path)


def test_suffixes_are_of_formats_that_are_read(tmp_path):
    for suffix in sorted(SUFFIXES - {".pbm", ".ppm"}):
        assert decode(picture_file(tmp_path / f"a{suffix}", np.zeros((8, 8), np.uint8))).pixels.shape[1:] == (8, 8)
