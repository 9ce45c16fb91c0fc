"""Wires: they start and end where they should and keep clear of nodes."""

import itertools
import re

import pytest

from core.drawing.routes import Box, is_back, route, run_level


def _numbers(path):
    return [float(value) for value in re.findall(r"-?\d+(?:\.\d+)?", path)]


def _samples(path):
    """Points along lines and curves of a path."""
    found, here = [], None
    for command, rest in re.findall(r"([MLC])([^MLC]*)", path):
        values = _numbers(rest)
        points = list(zip(values[::2], values[1::2], strict=True))
        corners = [here or points[0], *points]
        for step in range(41):
            t, each = step / 40, corners
            while len(each) > 1:
                each = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)
                        for a, b in itertools.pairwise(each)]
            found.append(each[0])
        here = points[-1]
        assert command in "MLC"
    return found


@pytest.mark.parametrize(("start", "end"), [((150, 37), (224, 37)), ((150, 37), (224, 141)), ((822, 37), (0, 207)),
                                            ((150, 37), (0, 37)), ((0, 300), (500, 10)), ((150, 300), (0, 37))])
def test_wires_start_and_end_at_their_ports_and_stay_within_what_they_say(start, end):
    found = route(start, end, [])
    numbers = _numbers(found.path)
    assert tuple(numbers[:2]) == start
    assert tuple(numbers[-2:]) == end
    xs, ys = [x for x, _ in found.points], [y for _, y in found.points]
    for x, y in _samples(found.path):
        assert min(xs) - 1 <= x <= max(xs) + 1
        assert min(ys) - 1 <= y <= max(ys) + 1


def test_neighbours_on_a_row_are_joined_straight():
    assert route((150, 37), (224, 37), []).path == "M150 37L224 37"
    assert route((150, 37), (224, 37), []).label is None
    assert route((150, 37), (400, 37), []).label == (275, 37)


def test_a_forward_wire_goes_around_nodes_in_its_way():
    blocks = [Box(224, 0), Box(448, 0)]
    found = route((150, 37), (700, 37), blocks)
    for x, y in _samples(found.path):
        assert not any(box.left < x < box.right and box.top < y < box.bottom for box in blocks)
    assert found.label is not None
    assert found.label[1] > 74
    other = route((150, 37), (700, 37), blocks, lane=1)
    assert other.label[1] > found.label[1]


def test_a_wire_back_runs_between_the_rows_and_around_what_lies_there():
    start, end = (822, 37), (0, 207)
    rows = [Box(672, 0), Box(0, 170), Box(224, 170)]
    assert is_back(start, end)
    found = route(start, end, rows)
    assert 74 < found.label[1] < 170
    assert run_level(start, end, rows) == found.label[1] == 122
    between = Box(300, 100, 150, 40)
    level = run_level(start, end, [*rows, between])
    assert level < 100 or level > 140
    # The upper row has two lanes: between it and the next row lies the middle.
    assert run_level(start, (0, 311), [Box(672, 0), Box(224, 104), Box(0, 274)]) == (178 + 274) / 2
    assert route(start, end, rows, lane=2).label[1] == 122 + 16
