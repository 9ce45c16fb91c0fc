"""Hostile files through the loader: one sentence, quickly, in little memory; and random damage to good ones."""

import contextlib
import io
import json
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.drawing.svg import draw
from core.errors import CoreError, FileError
from core.formats import open_file
from core.formats.native import read_project
from core.formats.network_json import network_from_bytes, network_to_text
from core.formats.onnx import to_onnx
from core.graph.cost import cost
from core.graph.shapes import infer
from core.project import Project
from tests.core.formats.hostile import corpus, good_members, zipped
from tests.core.networks import every_layer

FILES = corpus()
SECONDS, MEGABYTES = 1.0, 200


def test_there_are_many():
    assert len(FILES) >= 60


@pytest.mark.parametrize("name", FILES)
def test_each_is_refused_in_one_sentence(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(FileError) as caught:
        open_file(path)
    seconds = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    message = caught.value.message
    assert name in message
    assert len(message) < 300
    assert "\n" not in message
    # Watching memory makes it several times slower.
    assert seconds < 3 * SECONDS
    assert peak < MEGABYTES * 1e6
    assert [each.name for each in tmp_path.iterdir()] == [name]


def _places(value, path=()):
    """Every place in plain data."""
    yield path
    if isinstance(value, dict | list):
        for key in (value if isinstance(value, dict) else range(len(value))):
            yield from _places(value[key], (*path, key))


PLAIN = json.loads(network_to_text(every_layer()))
PLACES = [place for place in _places(PLAIN) if place]
VALUES = st.sampled_from([None, True, False, 0, -1, 1, 2, 3, 1e300, 2**62, 0.5, "", "x", "same", "n1", "C1", "../x", [],
                          [1], [0, 0], [1, 2, 3], [-1, 5], {}, {"a": []}, "ReLU", "Conv2D", "Concatenate", "Novelty"])


@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES, st.sampled_from(("put", "drop", "double"))), min_size=1,
                max_size=4))
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_network_is_refused_or_works_everywhere(changes):
    plain = json.loads(json.dumps(PLAIN))
    for place, value, how in changes:
        _damage(plain, place, value, how)
    try:
        network = network_from_bytes(json.dumps(plain).encode(), "x")
    except CoreError:
        return
    again = network_from_bytes(network_to_text(network).encode(), "x")
    assert again == network
    inference = infer(network)
    cost(inference)
    draw(network)
    if inference.runs and cost(inference).parameters < 1_000_000:
        _refused_or_fine(lambda: to_onnx(Project(network)))


def _damage(plain, place, value, how):
    """Change one place, where it is still there."""
    here = plain
    for key in place[:-1]:
        try:
            here = here[key]
        except (KeyError, IndexError, TypeError):
            return
    last = place[-1]
    if isinstance(here, dict) and last in here:
        if how == "drop":
            del here[last]
        else:
            here[last] = value
    elif isinstance(here, list) and isinstance(last, int) and last < len(here):
        if how == "double":
            here.insert(last, here[last])
        elif how == "drop":
            del here[last]
        else:
            here[last] = value


MEMBERS = good_members()
GOOD = zipped(MEMBERS.items())


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=150)
def test_changed_bytes_are_refused_or_harmless(changes):
    data = bytearray(GOOD)
    for place, value in changes:
        data[place] = value
    _refused_or_fine(lambda: read_project(io.BytesIO(bytes(data)), "x"))


def _refused_or_fine(call):
    """Whatever happens, nothing but one of our own errors may come out."""
    with contextlib.suppress(FileError):
        call()


NAMES = ("network.json", "training.json", "history.csv", "notes.md", "weights.safetensors")


@given(st.sampled_from(NAMES), st.integers(0, 600), st.integers(0, 40), st.binary(max_size=30))
@settings(max_examples=200)
def test_changed_members_are_refused_or_harmless(name, start, length, content):
    old = MEMBERS[name]
    start = min(start, len(old))
    data = zipped({**MEMBERS, name: old[:start] + content + old[start + length:]}.items())
    _refused_or_fine(lambda: read_project(io.BytesIO(data), "x"))
