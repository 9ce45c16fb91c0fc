"""JSON of others: strict, limited, one sentence."""

import json

import pytest

from core.errors import FormatError
from core.formats.json_text import DEEPEST, LARGEST_TEXT, dumps, encoded, parse, upgrade


def test_good_json_is_read_as_it_is():
    value = {"a": [1, 2.5, None, True], "ä": {"b": "×"}, "big": 2**63 - 1}
    assert parse(encoded(dumps(value)), "x.json") == value
    assert parse(b"\xef\xbb\xbf{}", "x.json") == {}


def _nested(depth):
    return b'{"a":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(("data", "words"), [
    (b"", "not proper JSON"), (b"{", "not proper JSON"), (b"[1]", "not a JSON object"), (b"\xff{}", "not proper JSON"),
    (b'{"a": NaN}', "not proper JSON"), (b'{"a": -Infinity}', "not proper JSON"), (b'{"a": 1e999}', "not proper JSON"),
    (b'{"a": "\\ud800"}', "not proper JSON"), (b'{"a": ' + b"9" * 5000 + b"}", "not proper JSON"),
    (b'{"a": ' + b"9" * 30 + b"}", "absurdly large"), (b'{"a": 1, "a": 1}', "'a' twice"),
    (b'{"b": {"c": {"d": 1, "e": 2, "d": 3}}}', "'d' twice"), (_nested(100_000), "too deeply"),
    (_nested(DEEPEST), "too deeply"), (b'{"a": "' + b"x" * LARGEST_TEXT + b'"}', "at most 16 MB"),
], ids=range(15))
def test_bad_json_is_refused_in_one_sentence(data, words):
    with pytest.raises(FormatError, match=words) as caught:
        parse(data, "x.json")
    assert caught.value.message.startswith("x.json ")
    assert len(caught.value.message) < 200
    assert "\n" not in caught.value.message


def test_the_deepest_allowed_nesting_can_be_written_again():
    value = parse(_nested(DEEPEST - 2), "x.json")
    assert json.loads(dumps(value)) == value


def test_old_versions_climb_step_by_step():
    steps = {1: lambda data: {"colour": data["color"]}, 2: lambda data: {**data, "size": 3}}
    old = {"version": 1, "color": "red"}
    assert upgrade(old, 3, steps, "x") == {"version": 3, "colour": "red", "size": 3}
    assert upgrade({"version": 2, "colour": "red"}, 3, steps, "x")["size"] == 3
    assert upgrade({"version": 3, "other": 1}, 3, steps, "x") == {"version": 3, "other": 1}


@pytest.mark.parametrize("version", [None, "1", 0, -1, True, 1.0])
def test_a_version_that_is_none_is_damage(version):
    with pytest.raises(FormatError, match="which version"):
        upgrade({"version": version}, 1, {}, "x")


def test_newer_files_ask_for_an_update():
    with pytest.raises(FormatError, match=r"made with guibuilder 2\.1 .* Please update\."):
        upgrade({"version": 2, "generator": "guibuilder 2.1"}, 1, {}, "x")


def test_half_letters_do_not_keep_a_file_from_being_written():
    assert encoded("a\ud800b") == b"a?b"
