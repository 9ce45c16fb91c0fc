"""The document: edits, undo, merging, and exactly one change told for each."""

import contextlib
import random

import numpy as np

from core.errors import EdgeRefused
from core.graph.network import Edge
from core.graph.shapes import infer
from core.project import Project
from core.templates import template
from guibuilder.document import Document, Selection


def document_of(name="lenet5"):
    return Document(template(name))


def test_edit_undo_redo(qapp):
    document = document_of()
    told = []
    document.changed.connect(told.append)
    before = document.network
    key = before.names["C1"]
    document.edit("Change filters", network=before.change(key, filters=9))
    assert document.inference.shapes[key] == (9, 28, 28)
    assert document.undo_stack.undoText() == "Change filters"
    assert told[0].network.changed == (key,)
    assert told[0].touched("network")
    assert not told[0].touched("options")
    document.undo_stack.undo()
    assert document.network is before
    document.undo_stack.redo()
    assert document.network.nodes[key].layer.filters == 9
    assert len(told) == 3


def test_edits_without_a_difference_are_no_step(qapp):
    document = document_of()
    key = document.network.names["C1"]
    document.edit("Same", network=document.network.change(key, filters=6))
    document.edit("Same", options=document.project.options)
    assert document.undo_stack.count() == 0


def test_merging_edits_become_one_step(qapp):
    document = document_of()
    key = document.network.names["C1"]
    for filters in (7, 8, 9):
        document.edit("Filters", merge=f"{key}.filters", network=document.network.change(key, filters=filters))
    document.edit("Kernel", merge=f"{key}.kernel", network=document.network.change(key, kernel=3))
    assert document.undo_stack.count() == 2
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.network.nodes[key].layer.filters == 6


def test_undo_brings_trained_weights_back(qapp):
    document = document_of("mlp")
    weights = {"Output.bias": np.ones(10, np.float32)}
    document.edit("Train", weights=weights)
    document.edit("Rename", network=document.network.rename(document.network.names["Output"], "Last"))
    assert "Last.bias" in document.project.weights
    document.undo_stack.undo()
    assert document.project.weights is weights


def test_clean_means_as_on_disk(qapp):
    document = document_of()
    assert document.clean
    document.edit("Notes", notes="hello")
    assert not document.clean
    document.undo_stack.undo()
    assert document.clean
    document.edit("Notes", notes="hello")
    document.set_clean()
    assert document.clean
    document.load(Project())
    assert document.clean
    assert document.undo_stack.count() == 0


def test_selection_follows_the_document(qapp):
    document = document_of()
    selection = Selection(document)
    told = []
    selection.changed.connect(told.append)
    key = document.network.names["C1"]
    selection.set([key, "nobody", key])
    assert selection.ids == (key,)
    assert selection.only == key
    document.edit("Delete", network=document.network.remove(key))
    assert selection.ids == ()
    assert told == [(key,), ()]


def test_a_thousand_random_edits_can_all_be_undone_and_redone(qapp):
    document, rng = document_of("resnet-small"), random.Random(1)
    first = document.network
    for _ in range(1000):
        document.edit("Edit", network=_random_edit(document.network, rng))
    last, count = document.network, document.undo_stack.count()
    assert count > 600
    assert document.inference.shapes == infer(last).shapes
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert document.network == first
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    assert document.network == last


def _random_edit(network, rng):
    keys = list(network.nodes)
    action = rng.choice(("add", "connect", "cut", "change", "move", "remove"))
    if action == "add" or not keys:
        return network.add(network.new_node(rng.choice(["Conv2D", "Dense", "ReLU", "Add"])))
    key = rng.choice(keys)
    if action == "connect":
        with contextlib.suppress(EdgeRefused):
            return network.connect(Edge(rng.choice(keys), key, network.free_port(key) or 0))
        return network
    if action == "cut":
        return network.disconnect(*network.edges[:1])
    if action == "change":
        return network.change(key, frozen=not network.nodes[key].layer.frozen)
    if action == "move":
        return network.move({key: (rng.randrange(999), rng.randrange(999))})
    return network.remove(key) if len(keys) > 5 else network
