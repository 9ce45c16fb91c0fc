"""What screen readers are told about the canvas."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent
from PySide6.QtWidgets import QGraphicsView

from core.graph.block import is_port
from core.graph.network import Network
from guibuilder.canvas.look import spoken
from guibuilder.canvas.scene import NetworkScene


def words_for(scene: NetworkScene) -> tuple[str, str]:
    """Name and description of the canvas: how large the network is, and what is selected."""
    count = sum(not is_port(node) for node in scene.network.nodes.values())
    errors = len(scene.document.inference.errors)
    opened = scene.document.block_names
    name = f"{'Block ' + opened[-1] if opened else 'Network'}, {count} layer{'' if count == 1 else 's'}"
    name += f", {errors} problem{'' if errors == 1 else 's'}" if errors and count else ""
    ids = scene.selection.ids
    if not ids and scene.selected_edges:
        return name, _wires(scene)
    if not ids:
        return name, "Nothing selected. Arrow keys go to a layer, Space adds one."
    if len(ids) > 1:
        return name, f"{len(ids)} layers selected"
    return name, node_words(scene, ids[0])


def _wires(scene: NetworkScene) -> str:
    if len(scene.selected_edges) > 1:
        return f"{len(scene.selected_edges)} wires selected"
    edge = next(iter(scene.selected_edges))
    ends = scene.network.nodes[edge.source].name, scene.network.nodes[edge.target].name
    return f"Wire from {ends[0]} to {ends[1]}, {scene.edges[edge].text.replace('?', 'shape unknown')}"


def node_words(scene: NetworkScene, key: str) -> str:
    """A node with its neighbours: "Conv2D C1, 6 of 5×5, output 6×28×28, 156 parameters, from Input, to A1"."""
    parts = [spoken(scene.nodes[key].look, scene.document.inference.problems_of(key))]
    parts += _neighbours(scene.network, key)
    return ", ".join(parts)


def _neighbours(network: Network, key: str) -> list[str]:
    sources = [network.nodes[source].name for source in network.inputs_of(key).values()]
    targets = [network.nodes[edge.target].name for edge in network.outgoing.get(key, ())]
    return [f"{word} {' and '.join(names)}" for word, names in (("from", sources), ("to", targets)) if names]


def describe_view(view: QGraphicsView) -> None:
    """Tell what is selected now; it is spoken where the canvas has the focus."""
    scene = view.scene()
    assert isinstance(scene, NetworkScene)
    name, description = words_for(scene)
    if (view.accessibleName(), view.accessibleDescription()) == (name, description):
        return
    view.setAccessibleName(name)
    view.setAccessibleDescription(description)
    QAccessible.updateAccessibility(QAccessibleEvent(view, QAccessible.Event.DescriptionChanged))
    if view.hasFocus():
        tell(view, description)


def tell(view: QGraphicsView, text: str) -> None:
    """Say something politely."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(view, text))
