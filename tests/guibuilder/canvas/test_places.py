"""Geometry: buckets, broken lines, routes, snapping, ports."""

import itertools
import random

import pytest
from PySide6.QtCore import QLineF, QPointF, QRectF

from guibuilder.canvas.geometry import NODE_HEIGHT, input_y, node_height
from guibuilder.canvas.places import Places
from guibuilder.canvas.routes import loose_route, route
from guibuilder.canvas.segments import crosses, distance, enters, flattened
from guibuilder.canvas.snapping import snap

ZIGZAG = (QPointF(0, 0), QPointF(100, 0), QPointF(100, 50))


def test_buckets_find_what_a_walk_finds():
    dice, places = random.Random(3), Places()
    rects = {}
    for number in range(400):
        key = f"n{dice.randrange(120)}"
        if number % 7 == 6:
            places.drop(key)
            rects.pop(key, None)
        else:
            rects[key] = QRectF(dice.randrange(-3000, 3000), dice.randrange(-3000, 3000), 150, 74)
            places.put(key, rects[key])
    for size in (10, 400, 9000):
        area = QRectF(dice.randrange(-2000, 2000), dice.randrange(-2000, 2000), size, size)
        assert set(places.within(area)) == {key for key, rect in rects.items() if rect.intersects(area)}
    places.clear()
    assert places.bounds().isEmpty()


def test_distance_is_to_the_line_and_not_to_its_corners():
    assert distance(ZIGZAG, QPointF(50, 7)) == pytest.approx(7)
    assert distance(ZIGZAG, QPointF(110, 60)) == pytest.approx(200 ** 0.5)
    assert distance((), QPointF(0, 0)) == float("inf")
    assert distance((QPointF(3, 4), QPointF(3, 4)), QPointF(0, 0)) == pytest.approx(5)


@pytest.mark.parametrize(("area", "inside"), [
    (QRectF(40, -5, 10, 10), True), (QRectF(40, 5, 10, 10), False), (QRectF(90, 20, 20, 5), True),
    (QRectF(20, 10, 60, 30), False), (QRectF(-10, -10, 200, 200), True),
])
def test_a_line_enters_an_area_only_where_it_runs(area, inside):
    assert enters(ZIGZAG, area) is inside


def test_a_cut_crosses():
    assert crosses(ZIGZAG, QLineF(50, -10, 50, 10))
    assert not crosses(ZIGZAG, QLineF(50, 5, 90, 40))


def test_a_level_wire_is_straight():
    made = route(QPointF(0, 0), QPointF(74, 0))
    assert not made.labelled
    assert {point.y() for point in flattened(made.path)} == {0}
    assert route(QPointF(0, 0), QPointF(200, 0)).labelled


def test_a_wire_to_the_next_row_runs_between_the_rows():
    start, end = QPointF(900, 37), QPointF(24, 207)
    made = route(start, end)
    assert (made.label.y(), made.labelled) == (122, True)
    points = flattened(made.path)
    assert points[0] == start
    assert points[-1] == end
    assert max(point.x() for point in points) < 900 + 60
    assert min(point.x() for point in points) > 24 - 60


@pytest.mark.parametrize(("start", "end"), [
    (QPointF(150, 37), QPointF(672, 37)), (QPointF(150, 37), QPointF(672, 141)), (QPointF(800, 37), QPointF(0, 207)),
    (QPointF(700, 37), QPointF(0, 37)), (QPointF(800, 300), QPointF(0, 37)),
])
def test_no_wire_runs_behind_a_node(start, end):
    blocks = [QRectF(224, 0, 150, NODE_HEIGHT), QRectF(448, 0, 150, NODE_HEIGHT), QRectF(300, 95, 150, NODE_HEIGHT)]
    made = route(start, end, lambda area: [rect for rect in blocks if rect.intersects(area)])
    points = flattened(made.path)
    assert not any(enters(points, rect.adjusted(2, 2, -2, -2)) for rect in blocks)


def test_parallel_runs_keep_apart():
    block = [QRectF(224, 0, 150, NODE_HEIGHT)]
    levels = {route(QPointF(150, 37), QPointF(600, 37), lambda area: block, lane).label.y() for lane in (0, 1, 2)}
    assert len(levels) == 3


def test_a_wire_in_the_hand_reaches_the_hand():
    for end in (QPointF(300, 80), QPointF(-200, 40)):
        points = flattened(loose_route(QPointF(0, 0), end))
        assert (points[0], points[-1]) == (QPointF(0, 0), end)


def test_snapping_to_the_grid_and_to_neighbours():
    alone = snap(QRectF(101, 53, 150, 74), [])
    assert (alone.place, alone.guides) == (QPointF(104, 56), ())
    neighbour = QRectF(300, 57, 150, 74)
    level = snap(QRectF(99, 54, 150, 74), [neighbour])
    assert level.place == QPointF(96, 57)
    assert len(level.guides) == 1
    column = snap(QRectF(523, 400, 150, 74), [neighbour])
    assert column.place == QPointF(524, 400), "one column on"
    under = snap(QRectF(302, 403, 150, 74), [neighbour])
    assert under.place == QPointF(300, 400)
    assert under.guides[0].x1() == under.guides[0].x2() == 300


def test_ports_lie_inside_the_node_and_apart():
    for ports in range(1, 9):
        heights = [input_y(port, ports) for port in range(ports)]
        assert heights[0] >= 12
        assert heights[-1] <= node_height(ports) - 12
        assert all(later - earlier >= 20 for earlier, later in itertools.pairwise(heights))
    assert input_y(0, 1) == NODE_HEIGHT / 2
