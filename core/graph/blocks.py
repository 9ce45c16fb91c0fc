"""Edits of blocks: layers become one, a block becomes its layers again, and what lies inside is put back in place."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import NetworkError
from core.graph.arrange import COLUMN, LANE
from core.graph.block import DEEPEST, Block, BlockInput, BlockOutput, depth_of, is_port
from core.graph.network import Edge, Network, Node
from core.graph.plain import FARTHEST
from core.layers.input import Input
from core.layers.unknown import Unknown

Place = tuple[float, float]
# Where the parts of a block stood in the file that it was made in, kept with the network inside.
_HOMES = "homes"


@dataclass(frozen=True)
class Regrouped:
    """A network after grouping or ungrouping: `ids` are the block, or the layers that came out.

    `moved` says which id a layer had and which it has now; those in blocks have the block's id and a slash in front.
    """

    network: Network
    ids: tuple[str, ...]
    moved: Mapping[str, str] = field(default_factory=dict)


# together -------------------------------------------------------------------------------------------------------------


def group(network: Network, ids: Collection[str], name: str = "Block", level: int = 0) -> Regrouped:
    """These layers as one block; every layer outside that feeds them gets one input of the block.

    Inputs without a wire become inputs of the block as well. `ungroup` is the exact inverse. NetworkError says why
    these layers cannot be one; `level` is how many blocks lie around the network.
    """
    chosen = [key for key in network.nodes if key in set(ids)]
    leading = _leading(network, chosen, level)
    block_id = network.fresh_id()
    outside = _Entries(network, set(chosen), block_id)
    inner = outside.inner(leading)
    nodes = {key: node for key, node in network.nodes.items() if key not in outside.chosen}
    layer = Block(network=inner, entries=tuple(entry for entry, _ in outside.sources))
    place = _place_of(inner)
    here = network.remove(*chosen).fresh_name(name)
    block = Node(block_id, layer, here, place)
    after = replace(network, nodes=_inserted(nodes, {block_id: block}, _first(network.nodes, chosen)),
                    edges=outside.edges(leading), extra=_without_wires(network, outside.chosen, leading, block_id))
    after = _with_homes(network, after, block_id)
    return Regrouped(after, (block_id,), {key: f"{block_id}/{key}" for key in chosen})


def _leading(network: Network, chosen: list[str], level: int) -> str:
    """The layer whose output becomes that of the block; NetworkError where there can be no block."""
    if not chosen:
        raise NetworkError("Select the layers that are to become a block first.")
    for key in chosen:
        node = network.nodes[key]
        if isinstance(node.layer, Input):
            raise NetworkError(f"{node.name} is where pictures come in, so it cannot be part of a block.")
        if is_port(node):
            raise NetworkError(f"{node.name} is where a block begins or ends, so it cannot be part of another one.")
        if key in network.on_cycle:
            raise NetworkError(f"{node.name} lies on a cycle; remove a wire of it first.")
    if level + 1 + depth_of(Network({key: network.nodes[key] for key in chosen})) > DEEPEST:
        raise NetworkError(f"Blocks can be nested {DEEPEST} deep at most.")
    inside = set(chosen)
    _refuse_detours(network, inside)
    ends = [key for key in network.order if key in inside
            and any(edge.target not in inside for edge in network.outgoing.get(key, ()))]
    if len(ends) > 1:
        names = " and ".join(network.nodes[key].name for key in ends[:3])
        raise NetworkError(f"{names} all lead out, but a block has one output. Select layers of which one leads on."
                           if len(ends) > 2 else
                           f"{names} both lead out, but a block has one output. Select layers of which one leads on.")
    finals = [key for key in network.order if key in inside and key not in network.outgoing]
    return ends[0] if ends else finals[-1]


def _refuse_detours(network: Network, inside: set[str]) -> None:
    """NetworkError where a path leaves the layers and comes back: the block would wait for itself."""
    behind: set[str] = set()
    for key in network.order:
        sources = network.inputs_of(key).values()
        passing = next((source for source in sources if source in behind), None)
        if key in inside and passing is not None:
            names = network.nodes[passing].name, network.nodes[key].name
            raise NetworkError(f"A path leaves these layers and comes back from {names[0]} to {names[1]}. "
                               f"Select {names[0]} as well.")
        if key not in inside and (passing is not None or any(source in inside for source in sources)):
            behind.add(key)


class _Entries:
    """What crosses the border of the layers that become a block: `sources` are (id of the port, who feeds it)."""

    def __init__(self, network: Network, chosen: set[str], block: str) -> None:
        self.network, self.chosen, self.block = network, chosen, block
        self.sources: list[tuple[str, str | None]] = []
        self._fed: list[tuple[str, str, int]] = []
        self._next = int(block[1:]) + 1
        for key in network.order:
            if key in chosen:
                self._enter(key)
        self.out = self._fresh()

    def _fresh(self) -> str:
        self._next += 1
        return f"n{self._next - 1}"

    def _enter(self, key: str) -> None:
        wired, layer = self.network.inputs_of(key), self.network.nodes[key].layer
        least = 0 if isinstance(layer, Unknown) else layer.ports[0]
        for port in sorted({*wired, *range(least)}):
            source = wired.get(port)
            if source in self.chosen:
                continue
            entry = next((entry for entry, other in self.sources if other == source), None) if source else None
            if entry is None:
                entry = self._fresh()
                self.sources.append((entry, source))
            self._fed.append((entry, key, port))

    def inner(self, leading: str) -> Network:
        """The network inside: the layers as they were, behind and before ports."""
        nodes = {key: node for key, node in self.network.nodes.items() if key in self.chosen}
        before = Network(dict(nodes))
        left = max(-FARTHEST, min(node.position[0] for node in nodes.values()) - COLUMN)
        for entry, _ in self.sources:
            fed = next(key for other, key, _ in self._fed if other == entry)
            place = _free(before, (left, nodes[fed].position[1]))
            before = before.add(Node(entry, BlockInput(), before.fresh_name("In"), place))
        right = min(FARTHEST, max(node.position[0] for node in nodes.values()) + COLUMN)
        out = Node(self.out, BlockOutput(), before.fresh_name("Out"), (right, nodes[leading].position[1]))
        entering = [Edge(entry, key, port) for entry, key, port in self._fed]
        kept = [edge for edge in self.network.edges if edge.source in self.chosen and edge.target in self.chosen]
        said = {edge: self._said(edge) for edge in kept}
        said |= {Edge(entry, key, port): self._said(Edge(dict(self.sources)[entry] or "", key, port))
                 for entry, key, port in self._fed}
        said = {edge: value for edge, value in said.items() if value}
        return replace(before.add(out), edges=(*entering, *kept, Edge(leading, self.out)),
                       extra={"edges": said} if said else {})

    def _said(self, edge: Edge) -> Any:
        return self.network.extra.get("edges", {}).get(edge)

    def edges(self, leading: str) -> tuple[Edge, ...]:
        """The wires outside: those into the block stand where the first of their kind stood."""
        ports = {source: number for number, (_, source) in enumerate(self.sources)}
        found: dict[Edge, None] = {}
        for edge in self.network.edges:
            if edge.target not in self.chosen:
                found[replace(edge, source=self.block) if edge.source == leading else edge] = None
            elif edge.source not in self.chosen:
                found[Edge(edge.source, self.block, ports[edge.source])] = None
        return tuple(found)


def _free(network: Network, place: Place) -> Place:
    """`place`, or lower where another node lies there."""
    while place[1] + LANE <= FARTHEST and any(
            abs(node.position[0] - place[0]) < COLUMN / 2 and abs(node.position[1] - place[1]) < LANE - 8
            for node in network.nodes.values()):
        place = (place[0], place[1] + LANE)
    return place


def _place_of(inner: Network) -> Place:
    """Where a block stands: where its first layer stood."""
    return next((inner.nodes[key].position for key in inner.order if not is_port(inner.nodes[key])), (0.0, 0.0))


def _without_wires(network: Network, chosen: set[str], leading: str, block: str) -> dict[str, Any]:
    """What the file said beyond our keys, its wires now at the block."""
    extra = dict(network.extra)
    said = {replace(edge, source=block) if edge.source == leading else edge: value
            for edge, value in extra.pop("edges", {}).items() if edge.target not in chosen}
    return {**extra, "edges": said} if said else extra


# apart ----------------------------------------------------------------------------------------------------------------


def ungroup(network: Network, block_id: str) -> Regrouped:
    """The block's layers in its place, with their ids, names and places as far as these are free."""
    block = network.nodes[block_id]
    if not isinstance(block.layer, Block):
        raise NetworkError(f"{block.name} is not a block.")
    apart = _Apart(network, block, block.layer)
    nodes, edges = apart.nodes(), apart.edges()
    homes = _homes(apart.inner.extra.get(_HOMES), len(nodes), len(edges.inner) + len(edges.border))
    rest = {key: node for key, node in network.nodes.items() if key != block_id}
    if homes is not None:
        mine = [*edges.inner, *edges.border]
        listed = _at_homes(list(rest.values()), nodes, homes["nodes"])
        wires = _at_homes([edge for edge in edges.all if edge not in set(mine)], mine, homes["edges"])
        after = replace(network, nodes={node.id: node for node in listed}, edges=tuple(wires))
    else:
        place = list(network.nodes).index(block_id)
        after = replace(network, nodes=_inserted(rest, {node.id: node for node in nodes}, place), edges=edges.all)
    after = replace(after, extra=apart.extra())
    return Regrouped(after, tuple(node.id for node in nodes),
                     {f"{block_id}/{key}": new for key, new in apart.ids.items()})


@dataclass(frozen=True)
class _Wires:
    """The wires after ungrouping: those inside, those across the border, and all in order."""

    inner: list[Edge]
    border: list[Edge]
    all: tuple[Edge, ...]


class _Apart:
    """What comes out of a block: ids and names anew where they are taken."""

    def __init__(self, network: Network, block: Node, layer: Block) -> None:
        self.network, self.block, self.layer, self.inner = network, block, layer, layer.inside
        taken = set(network.nodes)
        self.ids: dict[str, str] = {}
        for key, node in self.inner.nodes.items():
            if not is_port(node):
                self.ids[key] = key if key not in taken else network.fresh_id({*taken, *self.inner.nodes})
                taken.add(self.ids[key])
        origin = _place_of(self.inner)
        self._shift = (block.position[0] - origin[0], block.position[1] - origin[1])
        self._entering = {entry: network.inputs_of(block.id).get(port) for port, entry in enumerate(layer.entries)}

    def nodes(self) -> list[Node]:
        """The layers."""
        around = self.network.remove(self.block.id)
        names: set[str] = set()
        made = []
        for key, new in self.ids.items():
            node = self.inner.nodes[key]
            name = around.fresh_name(node.name, names)
            names.add(name)
            place = (node.position[0] + self._shift[0], node.position[1] + self._shift[1])
            made.append(replace(node, id=new, name=name, position=place))
        return made

    def _source(self, key: str | None) -> str | None:
        """Whose output a node inside hands on, seen from outside."""
        if key is None or key in self._entering:
            return None if key is None else self._entering[key]
        return self.ids.get(key)

    def wires(self) -> dict[Edge, Edge]:
        """For each wire inside that leads to a layer, what becomes of it."""
        found = {}
        for edge in self.inner.edges:
            source = self._source(edge.source)
            if source is not None and edge.target in self.ids:
                found[edge] = Edge(source, self.ids[edge.target], edge.port)
        return found

    def leading(self) -> str | None:
        """Whose output was that of the block."""
        inputs = self.inner.inputs_of(self.layer.exit) if self.layer.exit is not None else {}
        return self._source(inputs.get(0))

    def edges(self) -> _Wires:
        """All wires; those into a port stand where the wire into the block stood, those inside behind them."""
        made, leading = self.wires(), self.leading()
        inner = [new for old, new in made.items() if old.source not in self._entering]
        entering = [(old, new) for old, new in made.items() if old.source in self._entering]
        border = [new for _, new in entering]
        found: list[Edge] = []
        waiting = list(inner)
        for edge in self.network.edges:
            if edge.target == self.block.id:
                entry = self.layer.entries[edge.port]
                found.extend(new for old, new in entering if old.source == entry)
            elif edge.source == self.block.id:
                found, waiting = found + waiting, []
                if leading is not None:
                    border.append(replace(edge, source=leading))
                    found.append(border[-1])
            else:
                found.append(edge)
        return _Wires(inner, border, (*found, *waiting))

    def extra(self) -> dict[str, Any]:
        """What the file said beyond our keys, its wires now at the layers."""
        extra, made, leading = dict(self.network.extra), self.wires(), self.leading()
        said = {replace(edge, source=leading) if edge.source == self.block.id and leading else edge: value
                for edge, value in extra.pop("edges", {}).items() if edge.target != self.block.id}
        said |= {made[edge]: value for edge, value in self.inner.extra.get("edges", {}).items() if edge in made}
        return {**extra, "edges": said} if said else extra


# the order in the file ------------------------------------------------------------------------------------------------


def _with_homes(before: Network, after: Network, block_id: str) -> Network:
    """Where taking the block apart would not give the same order in the file, the block remembers it."""
    apart = ungroup(after, block_id)
    same = list(apart.network.nodes) == list(before.nodes) and apart.network.edges == before.edges
    if same:
        return after
    block = after.nodes[block_id]
    assert isinstance(block.layer, Block)
    parts = _Apart(after, block, block.layer)
    wires, order = parts.edges(), {key: number for number, key in enumerate(before.nodes)}
    places = {edge: number for number, edge in enumerate(before.edges)}
    homes = {"nodes": [order[node.id] for node in parts.nodes()],
             "edges": [places[edge] for edge in (*wires.inner, *wires.border)]}
    inner = replace(block.layer.network, extra={**block.layer.network.extra, _HOMES: homes})
    return after.put(replace(block, layer=replace(block.layer, network=inner)))


def _homes(said: Any, nodes: int, edges: int) -> Mapping[str, list[int]] | None:
    """What a file remembers of the order, where it is about these parts."""
    if not isinstance(said, dict):
        return None
    for key, count in (("nodes", nodes), ("edges", edges)):
        each = said.get(key)
        if not isinstance(each, list) or len(each) != count or any(type(number) is not int for number in each):
            return None
    return said


def _at_homes(rest: list[Any], parts: Iterable[Any], homes: list[int]) -> list[Any]:
    found = list(rest)
    for home, part in sorted(zip(homes, parts, strict=True), key=lambda pair: pair[0]):
        found.insert(home, part)
    return found


def _first(nodes: Mapping[str, Node], chosen: Collection[str]) -> int:
    """How many nodes that stay come before the first that is chosen."""
    return next(number for number, key in enumerate(nodes) if key in set(chosen))


def _inserted(nodes: Mapping[str, Node], added: Mapping[str, Node], place: int) -> dict[str, Node]:
    items = list(nodes.items())
    return dict([*items[:place], *added.items(), *items[place:]])
