"""Tables: headers, separators, words as labels, and lines that do not fit."""

import contextlib

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from core.data.raw import finish
from core.data.sources.csv_file import load_csv
from core.errors import CoreError, DataError, FileError

ROWS = [[n % 3, 10 * n, 0, 255, n] for n in range(8)]
PIXELS = np.array(ROWS)[:, 1:].reshape(-1, 1, 2, 2)


def table(tmp_path, rows=ROWS, head="", separator=",", end="\n"):
    path = tmp_path / "a.csv"
    lines = ([head] if head else []) + [separator.join(map(str, row)) for row in rows]
    path.write_text(end.join(lines) + end, "utf-8", newline="")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("head", [False, True])
def test_plain_tables(tmp_path, separator, end, head):
    words = separator.join(["label", "1x1", "1x2", "2x1", "2x2"]) if head else ""
    raw = load_csv(table(tmp_path, head=words, separator=separator, end=end))
    assert np.array_equal(raw.train.x, PIXELS)
    assert raw.train.y.tolist() == [n % 3 for n in range(8)]
    assert raw.train.x.dtype == np.uint8
    assert raw.test is None


def test_a_header_may_name_the_size(tmp_path):
    rows = [[n, *range(12)] for n in range(4)]
    for head in ("label,3x2x2" + "," * 11, "label,pixels 3 × 2 × 2," + "," * 10, "label,3X2X2"):
        raw = load_csv(table(tmp_path, rows, head))
        assert raw.train.x.shape == (4, 3, 2, 2)
        assert raw.train.x[0].ravel().tolist() == list(range(12))


@pytest.mark.parametrize("words", [False, True])
def test_the_label_may_stand_elsewhere(tmp_path, words):
    rows = [[a, b, c, d, ["cat", "ant", "bee"][y] if words else y] for y, a, b, c, d in ROWS]
    raw = load_csv(table(tmp_path, rows, "p0,p1,p2,p3,Class"))
    assert np.array_equal(raw.train.x, PIXELS)
    assert raw.classes == (("ant", "bee", "cat") if words else ())
    assert raw.train.y[:3].tolist() == ([2, 0, 1] if words else [0, 1, 2])


def test_words_quotes_and_spaces(tmp_path):
    raw = load_csv(table(tmp_path, [['"a b"', " 1", '"2"', "3 ", "4"], ["c", 1, 2, 3, 4]]))
    assert raw.classes == ("a b", "c")
    assert raw.train.x[0].ravel().tolist() == [1, 2, 3, 4]


def test_fractions_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("1,0.5,0,1.0,0.25\n0,0,0,0,1e-1\n", "utf-8-sig")
    raw = load_csv(path)
    assert raw.scale == 1.0
    assert (raw.classes, raw.train.y.tolist()) == ((), [1, 0])
    assert raw.train.x[0].ravel() == pytest.approx([0.5, 0, 1, 0.25])


def test_digits_from_zero_to_sixteen_are_noticed(tmp_path):
    raw = load_csv(table(tmp_path, [[0, 0, 16, 3, 4], [1, 0, 0, 16, 8]]))
    assert raw.scale == 1 / 16
    assert "16 counts as full" in raw.notes[0]


@pytest.mark.parametrize(("text", "words"), [
    ("", "empty"), ("\n\n", "empty"), ("label,1,2,3,a\n", "no pictures"), ("5\n6\n", "one column"),
    ("1,2,3,4,5\n1,2,3,4\n", "line 2 has 3 pixels where 4"), ("label,a,b,c,d\n\n1,2,3,4,5\n1,2,3,4,5,6\n", "line"),
    ("1,2,3,4,5\n1,2,x,4,5\n", "line 2 holds a pixel that is not a number"), ("1,2,3,,5\n1,2,3,4,5\n", "not a number"),
    ("1,2,3,nan,5\n1,2,3,4,5\n", "NaN"), ("1,2,3,inf,5\n1,2,3,4,5\n", "NaN or infinite"),
    ("1,2,3\n1,2,3\n", "no square"), ("label,3x5x5,,,\n1,2,3,4,5\n", "header says 3×5×5"),
    ("label,0x5x5,,,\n1,2,3,4,5\n", "header says"), ("-1,2,3,4,5\n1,2,3,4,5\n", "out of range"),
    ("0.5,2,3,4,5\n1,2,3,4,5\n", "whole number"), ("1e9,2,3,4,5\n1,2,3,4,5\n", "out of range"),
    (",2,3,4,5\n1,2,3,4,5\n", "no label"), ("nan,2,3,4,5\n1,2,3,4,5\n", "whole number"),
    ("1,2,3,4,5\n", "only one picture"), (";a\n0\n", "no pixels"), ("a,b,label\n1,2\n", "no pixels")])
def test_tables_that_do_not_fit(tmp_path, text, words):
    (tmp_path / "a.csv").write_text(text, "utf-8")
    with pytest.raises((DataError, FileError), match=words):
        finish("x", load_csv(tmp_path / "a.csv"), 0)


@pytest.mark.parametrize("content", [b"\xff\xfe1,2", b"1,2,3,4\0,5\n", bytes(range(256))])
def test_what_is_no_text(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(FileError, match="not a text file"):
        load_csv(tmp_path / "a.csv")


def test_a_table_too_large_to_read(tmp_path, monkeypatch):
    monkeypatch.setattr("core.data.sources.csv_file.LARGEST_FILE", 10)
    with pytest.raises(FileError, match=r"Save it as \.npz"):
        load_csv(table(tmp_path))


@hypothesis.settings(max_examples=300)
@hypothesis.given(text=strategies.text("0123456789.,;-ex×\"\n\t ab", max_size=80))
def test_any_text_gives_pictures_or_one_sentence(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(text, "utf-8")
    with contextlib.suppress(CoreError):
        finish("x", load_csv(path), 0)
