"""A network as the body of modules: what each calls, in order, and what goes where. Blocks are modules of their own.

Values are numbered within a module: call 0, 1, 2 … puts out value 0, 1, 2 …; its inputs are −1, −2 ….
"""

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from core.export.pytorch.form import Form
from core.export.pytorch.layers import form_of
from core.export.pytorch.names import attribute
from core.graph.block import Block, BlockInput, BlockOutput
from core.graph.expand import SEPARATOR
from core.graph.network import Network, Node
from core.graph.shapes import Inference
from core.layers.base import Layer

PASS_ON = ("Linear",)


@dataclass
class Call:
    """One layer or block in a module: its attribute there, its code, the values it reads, and its full name."""

    attribute: str
    form: Form
    inputs: tuple[int, ...]
    layer: Layer
    name: str
    inside: "Scope | None" = None

    @property
    def frozen(self) -> bool:
        """Whether it has weights that stay as they are."""
        return self.layer.frozen and self.inside is None and bool(self.form.module)


@dataclass
class Scope:
    """The body of one module. `inputs` names them for the outermost one; `outputs` are values."""

    calls: list[Call] = field(default_factory=list)
    inputs: tuple[str, ...] = ()
    outputs: tuple[int, ...] = ()
    entries: int = 0
    title: str = ""


@dataclass
class Writing:
    """Builds the scopes of a network. `without` are Softmax layers left out, `apart` blocks written out in place."""

    inference: Inference
    without: Collection[str] = ()
    apart: Collection[str] = ()
    values: dict[str, int] = field(default_factory=dict)

    def whole(self) -> Scope:
        """The outermost module; afterwards `values` says which value each layer outside of modules puts out."""
        network = self.inference.network
        inputs = [network.nodes[key] for key in ordered(network) if network.nodes[key].type == "Input"]
        scope = Scope(inputs=tuple(node.name for node in inputs), entries=len(inputs), title=network.name)
        given = {node.id: -1 - number for number, node in enumerate(inputs)}
        self.values.update(self._fill(scope, self.inference, network, ("", "", ""), given))
        _name(scope)
        return scope

    def _fill(self, scope: Scope, known: Inference, network: Network, prefixes: tuple[str, str, str],
              given: Mapping[str, int]) -> dict[str, int]:
        """Add the calls of a network; gives the value of each of its nodes. Prefixes: of ids, names, attributes."""
        ids, names, front = prefixes
        values = dict(given)
        for key in ordered(network):
            node = network.nodes[key]
            wired = [values[source] for source in network.inputs_of(key).values() if source in values]
            if key in given or (isinstance(node.layer, BlockInput | BlockOutput) and not wired):
                continue
            if node.layer.bypassed or isinstance(node.layer, BlockOutput) or node.type in PASS_ON \
                    or ids + key in self.without:
                values[key] = wired[0]
            elif isinstance(node.layer, Block):
                values[key] = self._block(scope, known.blocks[key], node, prefixes, wired)
            else:
                form = form_of(names + node.name, node.layer, known.inputs[key])
                scope.calls.append(Call(front + node.name, form, tuple(wired), node.layer, names + node.name))
                values[key] = len(scope.calls) - 1
            self.values[ids + key] = values[key]
        return values

    def _block(self, scope: Scope, known: Inference, node: Node, prefixes: tuple[str, str, str],
               wired: list[int]) -> int:
        """A block as a call of its own module, or its layers in place."""
        block = node.layer
        assert isinstance(block, Block)
        ids, names, front = prefixes
        inner = (f"{ids}{node.id}{SEPARATOR}", f"{names}{node.name}{SEPARATOR}", "")
        if ids + node.id in self.apart:
            given = dict(zip(block.entries, wired, strict=False))
            values = self._fill(scope, known, block.inside, (*inner[:2], f"{front}{node.name} "), given)
            return values[block.exit or ""]
        inside = Scope(entries=len(block.entries), title=node.name)
        given = {entry: -1 - number for number, entry in enumerate(block.entries)}
        values = Writing(known, apart=self.apart)._fill(inside, known, block.inside, inner, given)
        output = values[block.exit or ""]
        inside.outputs = (output,)
        if not inside.calls:
            return wired[-1 - output]
        scope.calls.append(Call(front + node.name, Form(expression="{own}({all})"), tuple(wired), block,
                                names + node.name, inside))
        return len(scope.calls) - 1


def _name(scope: Scope) -> None:
    """Turn the names of layers into attributes, in this scope and in those inside."""
    used: set[str] = set()
    for call in scope.calls:
        if call.form.module or call.inside is not None:
            call.attribute = attribute(call.attribute, used, call.layer.type)
            used.add(call.attribute)
        if call.inside is not None:
            _name(call.inside)


def ordered(network: Network) -> list[str]:
    """Ids in an order to write them in: sources first, else as they were drawn (n2 before n10)."""
    waiting = {key: len(network.inputs_of(key)) for key in network.nodes}
    ready = [(len(key), key) for key, count in waiting.items() if not count]
    heapq.heapify(ready)
    done = []
    while ready:
        key = heapq.heappop(ready)[1]
        done.append(key)
        for edge in network.outgoing.get(key, ()):
            waiting[edge.target] -= 1
            if not waiting[edge.target]:
                heapq.heappush(ready, (len(edge.target), edge.target))
    return done


def paths(scope: Scope, prefix: str = "") -> dict[str, str]:
    """{full name of a layer: where it lies in the state_dict} for all that keep a module."""
    found: dict[str, str] = {}
    for call in scope.calls:
        if call.inside is not None:
            found |= paths(call.inside, f"{prefix}{call.attribute}.")
        elif call.form.module:
            found[call.name] = prefix + call.attribute
    return found
