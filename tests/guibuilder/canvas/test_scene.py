"""The items follow the document, touch only what changed, and say the same when they are built anew."""

import random

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from core.errors import CoreError
from core.graph.arrange import arrange
from core.graph.heal import insert_on_edge, remove_and_reconnect
from core.graph.network import Edge, Network
from core.layers import LAYERS
from core.templates import template
from guibuilder.canvas.detail import Detail, detail_at
from guibuilder.canvas.scene import NetworkScene
from guibuilder.document import Document, Selection
from tests.mouse import node


def anew(canvas):
    """A second scene of the same document."""
    return NetworkScene(canvas.document, canvas.selection, canvas.scene.theme)


def edit(canvas, network):
    canvas.document.edit("Edit", network=network)


def test_it_shows_every_node_and_wire(lenet):
    assert set(lenet.scene.nodes) == set(lenet.document.network.nodes)
    assert set(lenet.scene.edges) == set(lenet.document.network.edges)
    look = lenet.scene.nodes[node(lenet, "C1")].look
    assert (look.name, look.kind, look.settings, look.shape, look.parameters) == (
        "C1", "Conv2D", "6 of 5×5, stride 1", "6×28×28", "156")


def test_a_setting_touches_the_node_and_what_lies_behind_it(lenet):
    network = lenet.document.network
    edit(lenet, network.change(node(lenet, "F7"), units=12))
    names = {network.nodes[key].name for key in lenet.scene.touched if isinstance(key, str)}
    assert names == {"F7", "Softmax"}


def test_a_setting_that_changes_no_shape_touches_one_node(lenet):
    edit(lenet, lenet.document.network.change(node(lenet, "C1"), kernel_init="normal", bias=False))
    assert lenet.scene.touched == {node(lenet, "C1")}


def test_a_new_node_touches_only_itself(lenet):
    network = lenet.document.network
    edit(lenet, network.add(network.new_node("Dropout", (900, 900))))
    assert len(lenet.scene.touched) == 1


def test_a_move_touches_one_node_and_reroutes_its_wires(lenet):
    key = node(lenet, "A5")
    before = {edge: item.path() for edge, item in lenet.scene.edges.items()}
    edit(lenet, lenet.document.network.move({key: (260, 372)}))
    assert lenet.scene.touched == {key}
    changed = {edge for edge, item in lenet.scene.edges.items() if item.path() != before[edge]}
    assert changed == {edge for edge in before if key in (edge.source, edge.target)}


def test_training_touches_nothing(lenet):
    lenet.scene.touched = set()
    lenet.document.edit("Trained", weights={})
    lenet.document.edit("Notes", notes="a note")
    assert lenet.scene.touched == set()


def test_an_error_is_shown_where_it_is_and_unknown_behind_it(lenet):
    edit(lenet, lenet.document.network.change(node(lenet, "C3"), kernel=15))
    looks = {item.look.name: item.look for item in lenet.scene.nodes.values()}
    assert looks["C3"].error
    assert looks["C3"].complaint == "needs 15×15"
    assert (looks["A3"].error, looks["A3"].shape) == (False, "?")
    assert looks["S2"].shape == "6×14×14"
    broken = {edge for edge, item in lenet.scene.edges.items() if not item.known}
    assert {edge.source for edge in broken} == {key for key, shape in lenet.document.inference.shapes.items()
                                                if shape is None and key in lenet.document.network.outgoing}


def test_a_scene_built_anew_gives_the_same_picture(make_canvas):
    canvas = make_canvas("resnet-small")
    network = canvas.document.network
    edit(canvas, network.move({node(canvas, "B2_conv1"): (700, 333)}))
    edit(canvas, remove_and_reconnect(canvas.document.network, [node(canvas, "B1_conv1_relu")]))
    edit(canvas, canvas.document.network.change(node(canvas, "B3_conv1"), kernel=40))
    canvas.document.undo_stack.undo()
    canvas.selection.set([node(canvas, "Pool")])
    assert canvas.scene.picture() == anew(canvas).picture()


def random_edit(network, dice):
    """Some edit of the network, as people make them."""
    ids = list(network.nodes)
    kind = dice.choice(sorted(LAYERS))
    choice = dice.random()
    if choice < 0.3 or len(ids) < 3:
        return network.add(network.new_node(kind, (dice.randrange(0, 1200, 8), dice.randrange(0, 900, 8))))
    if choice < 0.5:
        target = dice.choice(ids)
        return network.connect(Edge(dice.choice(ids), target, network.free_port(target) or 0))
    if choice < 0.65:
        places = {key: (dice.randrange(0, 1200, 8), dice.randrange(0, 900, 8)) for key in dice.sample(ids, 2)}
        return network.move(places)
    if choice < 0.72 and network.edges:
        return insert_on_edge(network, network.new_node(kind), dice.choice(network.edges))
    if choice < 0.8 and network.edges:
        return network.disconnect(dice.choice(network.edges))
    if choice < 0.86:
        return network.rename(dice.choice(ids), f"Name{dice.randrange(10_000)}")
    if choice < 0.93:
        return remove_and_reconnect(network, [dice.choice(ids)])
    key = dice.choice(ids)
    values = network.nodes[key].layer.values()
    if "kernel" in values:
        return network.change(key, kernel=dice.randrange(1, 9))
    return network.change(key, frozen=not values["frozen"])


def test_a_thousand_random_edits_undone_and_redone_give_the_same_pictures(make_canvas):
    canvas, dice = make_canvas("classroom-cnn"), random.Random(7)
    start = canvas.scene.picture()
    made = 0
    while made < 1000:
        before = canvas.document.network
        try:
            edit(canvas, random_edit(before, dice))
        except CoreError:
            continue
        made += canvas.document.network is not before
        if len(canvas.document.network.nodes) > 40:
            edit(canvas, canvas.document.network.remove(*list(canvas.document.network.nodes)[10:]))
        if made % 100 == 0:
            assert canvas.scene.picture() == anew(canvas).picture(), made
    end, stack = canvas.scene.picture(), canvas.document.undo_stack
    assert stack.count() >= 1000
    while stack.canUndo():
        stack.undo()
    assert canvas.scene.picture() == start
    while stack.canRedo():
        stack.redo()
    assert canvas.scene.picture() == end


def test_loading_another_project_shows_only_that(lenet):
    lenet.document.load(template("mlp"))
    assert {item.look.name for item in lenet.scene.nodes.values()} == {
        each.name for each in lenet.document.network.nodes.values()}
    assert lenet.scene.picture() == anew(lenet).picture()


def test_the_theme_changes_live(make_canvas):
    canvas = make_canvas("lenet5", "light")
    light = canvas.grab().toImage()
    canvas.scene.theme.choose("dark")
    dark = canvas.grab().toImage()
    corner = QColor(dark.pixel(8, dark.height() - 8))
    assert corner == QColor(canvas.scene.theme.colours.canvas)
    assert light.pixel(8, 8) != dark.pixel(8, 8)
    canvas.scene.theme.choose("light")
    assert canvas.grab().toImage() == light, "and back gives the same picture, pixel for pixel"


def test_previewed_nodes_settle_where_the_document_has_them(lenet):
    key, before = node(lenet, "C1"), lenet.scene.picture()
    lenet.scene.preview({key: QPointF(600, 600)})
    assert lenet.scene.picture() != before
    lenet.scene.settle([key])
    assert lenet.scene.picture() == before


def test_a_shortcut_runs_around_the_nodes_between(make_canvas):
    canvas = make_canvas("resnet-small")
    edit(canvas, canvas.document.network.move(arrange(canvas.document.network, columns=8)))
    for edge, item in canvas.scene.edges.items():
        others = [canvas.scene.nodes[key].body().adjusted(3, 3, -3, -3) for key in canvas.scene.nodes
                  if key not in (edge.source, edge.target)]
        inside = [point for point in item.points() for rect in others if rect.contains(point)]
        assert not inside, edge


def test_detail_follows_the_zoom():
    levels = [detail_at(zoom) for zoom in (0.1, 0.3, 0.45, 0.6, 0.72, 0.85, 2.0)]
    assert levels == [Detail.BLOCK, Detail.FARTHER, Detail.FAR, Detail.COMPACT, Detail.SNUG, Detail.FULL, Detail.FULL]


def test_no_text_is_smaller_than_seven_points(lenet, qapp):
    from guibuilder.canvas.texts import lines

    least = 7 * 96 / 72
    for zoom in (0.3, 0.45, 0.6, 0.72, 0.85):
        for item in lenet.scene.nodes.values():
            for line in lines(item.look, lenet.scene.style_now, detail_at(zoom)):
                assert line.font.pixelSize() * zoom >= least - 0.1, (zoom, line.text.text())


def test_a_long_shape_stands_in_full_and_the_count_beside_it_is_shortened(make_canvas):
    from guibuilder.canvas.texts import lines

    canvas = make_canvas("resnet18")
    said = {}
    for item in canvas.scene.nodes.values():
        said[item.look.name] = [line.text.text() for line in lines(item.look, canvas.scene.style_now, Detail.FULL)]
    assert said["S3B2"][-2:] == ["1.18 M", "256×14×14"]
    assert said["S4B2"][-2:] == ["4,720,640", "512×7×7"]


def test_a_document_of_its_own_and_costs_from_outside(qtbot):
    from core.graph.cost import Cost
    from guibuilder.theme import Theme

    document = Document(template("mlp"))
    theme = Theme()
    scene = NetworkScene(document, Selection(document), theme, cost_of=Cost)
    assert {item.look.parameters for item in scene.nodes.values()} == {""}
    scene.document.edit("Empty", network=Network())
    assert not scene.nodes
    assert not scene.edges
