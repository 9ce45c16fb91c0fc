"""What to do about a problem: up to three edits, best first, each tried before it is offered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from core.errors import CoreError, NetworkError
from core.graph.block import Block
from core.graph.clearing import cleared
from core.graph.goals import goals_of, with_output
from core.graph.heal import insert_on_edge, remove_and_reconnect
from core.graph.levels import put_block
from core.graph.network import Edge, Network, Node
from core.graph.rules import upstream
from core.graph.shapes import Inference, Problem, infer
from core.layers.base import describe
from core.settings import settings_of

MOST_FIXES = 3


@dataclass(frozen=True)
class Fix:
    """An edit in words ("Kernel 5×5 → 16×10×10") and the network it gives."""

    text: str
    network: Network


Candidate = tuple[str, Callable[[], Network]]


def fixes_for(inference: Inference, problem: Problem) -> tuple[Fix, ...]:
    """Fixes that were tried and make this problem go away without adding another one at the same layer.

    A problem inside a block is fixed inside it.
    """
    if problem.node in inference.blocks:
        inside = _inside(inference, problem)
        if inside:
            return inside
    found: list[Fix] = []
    for text, edit in _candidates(inference, problem):
        try:
            network = cleared(inference.network, edit())
        except CoreError:
            continue
        after = infer(network, inference)
        if _solved(after, problem):
            shape = after.shapes.get(problem.node)
            found.append(Fix(f"{text} → {describe(shape)}" if shape is not None else text, network))
        if len(found) == MOST_FIXES:
            break
    return tuple(found)


def _inside(inference: Inference, problem: Problem) -> tuple[Fix, ...]:
    """The fixes of a problem that lies in a block, as edits of the network around it."""
    inner = inference.blocks[problem.node]
    network, node = inference.network, inference.network.nodes[problem.node]
    assert isinstance(node.layer, Block)
    known = next((each for each in inner.problems if (each.layer, each.code) == (problem.layer, problem.code)), None)
    if known is None or inner.network is not node.layer.network:
        return ()
    return tuple(Fix(fix.text, put_block(network, node, replace(node.layer, network=fix.network)))
                 for fix in fixes_for(inner, known))


def _solved(after: Inference, problem: Problem) -> bool:
    if not problem.node:
        return all(each.code != problem.code for each in after.problems)
    return not any(each.severity == "error" or each.code == problem.code for each in after.problems_of(problem.node))


def _candidates(inference: Inference, problem: Problem) -> Iterator[Candidate]:
    maker = _MAKERS.get(problem.code)
    if maker is None:
        return
    if not problem.node:
        yield from _add_input(inference)
    else:
        yield from maker(inference, inference.network.nodes[problem.node])


def _smaller_window(inference: Inference, node: Node) -> Iterator[Candidate]:
    network, shape = inference.network, inference.inputs[node.id][0]
    window = node.layer.window()
    if window is None:
        return
    largest = min(shape[1:])
    for size in dict.fromkeys(min(largest, wanted) for wanted in (5, 3, 2)):
        if size < max(window.kernel):
            plain = {"dilation": 1} if "dilation" in node.layer.values() else {}
            yield f"Kernel {size}×{size}", partial(network.change, node.id, kernel=size, **plain)
            break
    missing = max(window.reach(axis) - shape[1 + axis] for axis in (0, 1))
    padding = -(-missing // 2)
    yield f"Padding {padding}", partial(network.change, node.id, padding=padding)
    for key in reversed(network.order):
        before = network.nodes[key]
        if before.layer.family == "pooling" and key != node.id and key in upstream(network, node.id):
            yield f"Remove {before.name}", partial(remove_and_reconnect, network, [key])
            return


def _insert(kind: str) -> Callable[[Inference, Node], Iterator[Candidate]]:
    def candidates(inference: Inference, node: Node) -> Iterator[Candidate]:
        yield f"Put a {kind} before it", partial(_inserted, inference.network, node, kind)
    return candidates


def _inserted(network: Network, node: Node, kind: str) -> Network:
    source = network.inputs_of(node.id)[0]
    there, here = network.nodes[source].position, node.position
    middle = ((there[0] + here[0]) / 2, (there[1] + here[1]) / 2 + 48)
    return insert_on_edge(network, network.new_node(kind, middle), Edge(source, node.id, 0))


def _make_flat(inference: Inference, node: Node) -> Iterator[Candidate]:
    yield from _insert("Flatten")(inference, node)
    yield from _insert("GlobalAveragePool2D")(inference, node)


def _keep_maps(inference: Inference, node: Node) -> Iterator[Candidate]:
    network = inference.network
    for key in reversed(network.order):
        if network.nodes[key].type in ("Flatten", "GlobalAveragePool2D") and key in upstream(network, node.id):
            yield f"Remove {network.nodes[key].name}", partial(remove_and_reconnect, network, [key])
    yield f"Remove {node.name}", partial(remove_and_reconnect, network, [node.id])


def _other_groups(inference: Inference, node: Node) -> Iterator[Candidate]:
    network, values = inference.network, node.layer.values()
    channels, groups, filters = inference.inputs[node.id][0][0], values["groups"], values["filters"]
    if channels % groups == 0:
        better = max(groups, round(filters / groups) * groups)
        yield f"{better} filters", partial(network.change, node.id, filters=better)
    common = [size for size in range(groups, 0, -1) if channels % size == 0 and filters % size == 0]
    yield f"{common[0]} groups" if common[0] > 1 else "1 group", partial(network.change, node.id, groups=common[0])


def _match_shapes(inference: Inference, node: Node) -> Iterator[Candidate]:
    """Make a branch fit: a 1×1 convolution with the other's channels, or same padding along the branch."""
    network, shapes = inference.network, inference.inputs[node.id]
    wired = network.inputs_of(node.id)
    largest = max(range(len(shapes)), key=lambda number: shapes[number])
    if all(len(shape) == 3 for shape in shapes):
        same = _with_same_padding(network, node.id)
        if same is not network:
            yield "Same padding in the branches", partial(_itself, same)
        for number, port in enumerate(sorted(wired)):
            target = shapes[1 - number] if len(shapes) == 2 else shapes[largest]
            stride = [max(1, round(here / there)) for here, there in zip(shapes[number][1:], target[1:], strict=True)]
            if shapes[number] != target:
                new = network.new_node("Conv2D", filters=target[0], kernel=1, stride=stride)
                yield (f"1×1 convolution behind {network.nodes[wired[port]].name}",
                       partial(_projected, network, new, Edge(wired[port], node.id, port)))
    for port in sorted(wired)[1:]:
        edge = Edge(wired[port], node.id, port)
        if len(wired) > node.layer.ports[0]:
            yield f"Cut the wire from {network.nodes[edge.source].name}", partial(network.disconnect, edge)


def _itself(network: Network) -> Network:
    return network


def _projected(network: Network, new: Node, edge: Edge) -> Network:
    there, here = network.nodes[edge.source].position, network.nodes[edge.target].position
    middle = ((there[0] + here[0]) / 2, (there[1] + here[1]) / 2 + 96)
    return insert_on_edge(network, replace(new, position=middle), edge)


def _with_same_padding(network: Network, node: str) -> Network:
    after = network
    for key in upstream(network, node):
        values = network.nodes[key].layer.values()
        if values.get("padding") == "valid" and "filters" in values and set(values["stride"]) == {1}:
            after = after.change(key, padding="same")
    return after


def _wire_in(inference: Inference, node: Node) -> Iterator[Candidate]:
    """A wire from the nearest layer to the left whose output goes nowhere yet, or from the nearest at all."""
    network = inference.network
    if not network.inputs_of(node.id):
        others = [each for each in network.nodes.values() if each.id != node.id]
        others.sort(key=lambda each: (each.id in network.outgoing, _distance(each, node)))
        for other in others[:4]:
            edge = Edge(other.id, node.id, network.free_port(node.id) or 0)
            ways: list[Candidate] = [
                (f"Wire {other.name} into it", partial(network.connect, edge)),
                (f"Wire {other.name} into it through a Flatten", partial(_through_flatten, network, edge)),
            ]
            # A size that is not known yet lets both pass; what follows from the types goes first.
            maps = other.layer.family in ("convolution", "pooling") and node.layer.family == "dense"
            yield from reversed(ways) if maps and node.type != "Flatten" else ways
    yield f"Delete {node.name}", partial(remove_and_reconnect, network, [node.id])


def _through_flatten(network: Network, edge: Edge) -> Network:
    wired = network.connect(edge)
    return _inserted(wired, wired.nodes[edge.target], "Flatten")


def _distance(one: Node, other: Node) -> float:
    return abs(one.position[0] - other.position[0]) + 2 * abs(one.position[1] - other.position[1])


def _add_input(inference: Inference) -> Iterator[Candidate]:
    network = inference.network
    starts = [node for node in network.nodes.values() if not network.inputs_of(node.id)]
    if not starts:
        return
    first = min(starts, key=lambda node: node.position)
    place = (first.position[0] - 224, first.position[1])
    yield "Add an Input", partial(_with_input, network, first, place)


def _with_input(network: Network, first: Node, place: tuple[float, float]) -> Network:
    node = network.new_node("Input", place)
    return network.add(node).connect(Edge(node.id, first.id, network.free_port(first.id) or 0))


def _read_all(inference: Inference, node: Node) -> Iterator[Candidate]:
    network, shape, window = inference.network, inference.inputs[node.id][0], node.layer.window()
    if window is None:
        return
    pads, rest = window.padded(*shape[1:]), window.unread(*shape[1:])
    more = [(window.stride[axis] - rest[axis]) if rest[axis] else 0 for axis in (0, 1)]
    padding = [pads[0], pads[1], pads[2] + more[0], pads[3] + more[1]]
    yield f"Padding {padding[2]} at the bottom and {padding[3]} on the right", \
        partial(network.change, node.id, padding=padding)
    if max(window.stride) > 1 and "filters" in node.layer.values():
        yield "Stride 1", partial(network.change, node.id, stride=1)


def _drop(inference: Inference, node: Node) -> Iterator[Candidate]:
    yield f"Delete {node.name}", partial(remove_and_reconnect, inference.network, [node.id])


def _alike(inference: Inference, node: Node) -> Iterator[Candidate]:
    """The same number of units as the main output has; or away with it; or it does not count."""
    flat, network = inference.flat, inference.network
    size = flat.shapes.get(goals_of(network)[0].id) or ()
    before = node
    while before.type not in ("Dense", "Maxout") and len(network.inputs_of(before.id)) == 1:
        before = network.nodes[network.inputs_of(before.id)[0]]
    if len(size) == 1 and before.type in ("Dense", "Maxout") and len(inference.shapes.get(node.id) or ()) == 1:
        yield f"Set {before.name}'s units to {size[0]}", partial(network.change, before.id, units=size[0])
    kept = set[str]().union(*(upstream(network, key) for key in network.finals() if key != node.id))
    branch = [key for key in network.nodes if key not in kept]
    yield (f"Delete {node.name}" if len(branch) == 1 else
           f"Delete the {len(branch)} layers that only lead to {node.name}"), partial(network.remove, *branch)
    yield f"Give {node.name} the loss weight 0", partial(_uncounted, network, node.id)


def _uncounted(network: Network, node: str) -> Network:
    if all(goal.id != node for goal in goals_of(network)):
        raise NetworkError("Its outputs lie inside.")
    return with_output(network, node, weight=0.0)


def _count(inference: Inference, node: Node) -> Iterator[Candidate]:
    main = goals_of(inference.network)[0]
    yield f"Give {main.name} the weight 1", partial(with_output, inference.network, main.id, weight=1.0)


def _cut_cycle(inference: Inference, node: Node) -> Iterator[Candidate]:
    network = inference.network
    for port, source in network.inputs_of(node.id).items():
        if source in network.on_cycle:
            edge = Edge(source, node.id, port)
            yield f"Cut the wire from {network.nodes[source].name}", partial(network.disconnect, edge)


def _usual_start(inference: Inference, node: Node) -> Iterator[Candidate]:
    kind = settings_of(node.layer)["kernel_init"].default
    text = kind[:1].upper() + kind[1:].replace("-", " ")
    yield f"Initial values {text}", partial(inference.network.change, node.id, kernel_init=kind)


_MAKERS: dict[str, Callable[[Inference, Node], Iterator[Candidate]]] = {
    "too-small": _smaller_window, "needs-vector": _make_flat, "needs-maps": _keep_maps, "groups": _other_groups,
    "shapes-differ": _match_shapes, "input-missing": _wire_in, "unread": _read_all, "unused": _drop,
    "several-ends": _alike, "no-weight": _count, "unknown-type": _drop, "cycle": _cut_cycle, "no-input": _drop,
    "zeros": _usual_start,
}
