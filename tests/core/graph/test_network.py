"""The network as a value, its edits and its rules."""

import pickle

import pytest

from core.errors import EdgeRefused, NetworkError, SettingError
from core.graph.diff import diff
from core.graph.heal import insert_on_edge, remove_and_reconnect
from core.graph.network import Edge, Network
from core.graph.rules import reachable, upstream
from core.templates import template


def chain(*kinds):
    network, last = Network(), None
    for kind in kinds:
        node = network.new_node(kind)
        network = network.add(node)
        if last:
            network = network.connect(Edge(last, node.id))
        last = node.id
    return network


def test_edits_leave_the_old_network_as_it_was():
    network = chain("Input", "Conv2D")
    changed = network.change("n2", filters=3).rename("n2", "C1").move({"n2": (8, 16)})
    assert network.nodes["n2"].layer.filters == 8
    node = changed.nodes["n2"]
    assert (node.layer.filters, node.name, node.position) == (3, "C1", (8.0, 16.0))
    assert network.nodes["n1"] is changed.nodes["n1"]


def test_names_stay_unique_and_proper():
    network = chain("Input", "ReLU", "ReLU")
    assert [node.name for node in network.nodes.values()] == ["Input", "ReLU", "ReLU_2"]
    for bad in ("", "  ", "Input", "a.b", "a/b", "x" * 81, "a\nb"):
        with pytest.raises(NetworkError):
            network.rename("n2", bad)
    with pytest.raises(SettingError):
        network.change("n1", shape=[0, 1, 1])


@pytest.mark.parametrize(("edge", "code", "words"), [
    (Edge("n3", "n2"), "taken", "taken by Input"),
    (Edge("n3", "n1"), "port", "where pictures come in"),
    (Edge("n2", "n2"), "self", "cannot feed itself"),
    (Edge("n1", "n3", 1), "port", "it has 1"),
    (Edge("n1", "n9"), "missing", "both ends"),
])
def test_refused_wires_name_the_reason(edge, code, words):
    with pytest.raises(EdgeRefused) as caught:
        chain("Input", "ReLU", "Tanh").connect(edge)
    assert caught.value.code == code
    assert words in caught.value.message


def test_a_wire_that_closes_a_cycle_is_refused():
    network = chain("Input", "Add", "ReLU")
    with pytest.raises(EdgeRefused) as caught:
        network.connect(Edge("n3", "n2", 1))
    assert caught.value.code == "cycle"
    assert "ReLU comes after Add" in caught.value.message


def test_order_survives_a_cycle_from_a_file():
    network = Network(chain("Input", "Add", "ReLU").nodes, (Edge("n1", "n2"), Edge("n3", "n2", 1), Edge("n2", "n3")))
    assert network.order == ("n1", "n2", "n3")
    assert network.on_cycle == {"n2", "n3"}


def test_ports_of_merges_grow():
    network = chain("Input", "Add")
    assert network.port_count("n2") == 2
    network = network.connect(Edge("n1", "n2", 1))
    assert (network.port_count("n2"), network.free_port("n2")) == (3, 2)
    assert network.free_port("n1") is None


def test_remove_and_reconnect():
    network = remove_and_reconnect(chain("Input", "ReLU", "Tanh", "Sigmoid"), ["n2", "n3"])
    assert network.edges == (Edge("n1", "n4"),)
    assert remove_and_reconnect(chain("Input", "ReLU"), ["n1"]).edges == ()


def test_insert_on_a_wire():
    network = chain("Input", "ReLU")
    after = insert_on_edge(network, network.new_node("BatchNorm"), Edge("n1", "n2"))
    assert set(after.edges) == {Edge("n1", "n3"), Edge("n3", "n2")}


def test_diff_finds_what_changed():
    old = chain("Input", "ReLU", "Tanh")
    new = old.change("n2", bypassed=True).remove("n3")
    new = new.add(new.new_node("Dense"))
    found = diff(old, new)
    assert (found.added, found.removed, found.changed) == ((), (), ("n2", "n3"))
    assert found.cut == (Edge("n2", "n3"),)
    assert not diff(old, old)


def test_up_and_downstream():
    network = chain("Input", "ReLU", "Tanh")
    assert reachable(network, "n2") == {"n2", "n3"}
    assert upstream(network, "n2") == {"n1", "n2"}


def test_networks_travel_between_processes():
    network = template("resnet-small").network
    assert network.order
    again = pickle.loads(pickle.dumps(network))
    assert again == network
    assert again.order == network.order
