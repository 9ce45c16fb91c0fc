"""Outputs on the canvas: they say what they are where there are several, at once and not only after a redraw."""

from core.graph.arrange import arrange
from core.graph.blocks import group
from core.graph.goals import ends, with_main, with_output
from core.graph.shapes import infer
from guibuilder.canvas.look import output_words, spoken
from guibuilder.canvas.scene import NetworkScene
from tests.core.networks import two_heads


def said(scene: NetworkScene) -> dict[str, str]:
    words = {item.look.name: item.look.settings.split(" · ")[0] for item in scene.nodes.values()}
    return {name: text for name, text in words.items() if "output" in text or "auxiliary" in text}


def heads(make_canvas):
    network = two_heads()
    return make_canvas(network.move(arrange(network)))


def test_outputs_say_what_they_are(make_canvas):
    canvas = heads(make_canvas)
    assert said(canvas.scene) == {"Main": "main output", "Aux": "auxiliary × 0.3"}
    look = next(item.look for item in canvas.scene.nodes.values() if item.look.name == "Aux")
    assert "auxiliary × 0.3" in spoken(look, ())


def test_what_they_say_follows_every_edit(make_canvas):
    canvas = heads(make_canvas)
    document, names = canvas.document, canvas.document.network.names
    for network, expected in (
            (with_output(document.network, names["Aux"], weight=2), {"Main": "main output", "Aux": "auxiliary × 2"}),
            (with_main(document.network, names["Aux"]), {"Aux": "main output", "Main": "auxiliary × 0.3"}),
            (document.network.remove(names["Aux"]), {"Main": "main output", "AuxDense": "auxiliary × 0.3"}),
            (document.network.remove(*(names[each] for each in ("Aux", "AuxDense", "AuxFlat"))), {})):
        document.edit("Edit", network=network)
        assert said(canvas.scene) == expected
        assert said(NetworkScene(document, canvas.selection, canvas.scene.theme)) == expected
        document.undo_stack.undo()
        assert said(canvas.scene) == {"Main": "main output", "Aux": "auxiliary × 0.3"}


def test_inside_a_block_nothing_is_said_of_outputs():
    network = two_heads()
    grouped = group(network, [network.names[name] for name in ("C1", "R1", "AuxFlat", "AuxDense", "Aux")], "Front")
    inference = infer(grouped.network)
    (inside,) = inference.blocks.values()
    assert output_words(inference) == {network.names["Main"]: "main output"}
    assert len(ends(inside.network)) == 2
    assert output_words(inside) == {}


def test_a_second_output_is_noticed_by_the_first(make_canvas):
    canvas = heads(make_canvas)
    document = canvas.document
    whole = document.network
    document.edit("Away", network=whole.remove(*(whole.names[each] for each in ("Aux", "AuxDense", "AuxFlat"))))
    assert said(canvas.scene) == {}
    document.edit("Back", network=whole)
    assert said(canvas.scene) == {"Main": "main output", "Aux": "auxiliary × 0.3"}
