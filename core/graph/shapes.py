"""Shape inference: every node gets a shape or a Problem; it never stops at the first one and never raises."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import NetworkError
from core.graph.network import Network, Node
from core.layers.base import Shape, ShapeError, describe
from core.layers.unknown import Unknown

LARGEST_OUTPUT = 2**31 - 1


@dataclass(frozen=True)
class Problem:
    """Something at a layer that keeps it from running ("error") or deserves a look ("warning").

    `code` is stable, `message` a full sentence with the layer's name and numbers, `formula` the arithmetic behind it.
    """

    severity: str
    node: str
    layer: str
    code: str
    message: str
    formula: str = ""

    def sentence(self) -> str:
        """Message and arithmetic in one line."""
        text = self.message.rstrip(".")
        return f"{text}: {self.formula}" if self.formula else self.message


@dataclass(frozen=True)
class Inference:
    """What follows from a drawing: a shape for each node (None where unknown), and the problems in order.

    `inputs` holds the input shapes of nodes whose inputs are all known.
    """

    shapes: dict[str, Shape | None] = field(default_factory=dict)
    inputs: dict[str, tuple[Shape, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    network: Network = field(default_factory=Network)
    _by_node: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    _local: dict[str, tuple[Problem, ...]] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the network from running."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    def problems_of(self, node: str) -> tuple[Problem, ...]:
        """The problems at one node."""
        return self._by_node.get(node, ())

    @property
    def runs(self) -> bool:
        """Whether the network can run."""
        return not self.errors


# How severe each code is and what it means; `check --help` lists it.
CODES: dict[str, tuple[str, str]] = {
    "empty": ("error", "the network has no layer"),
    "no-input": ("error", "there is no Input"),
    "input-missing": ("error", "an input of the layer has no wire"),
    "cycle": ("error", "the layer lies on a cycle"),
    "too-small": ("error", "the window is larger than its input"),
    "needs-maps": ("error", "the layer needs feature maps but gets a flat vector"),
    "needs-vector": ("error", "the layer needs a flat vector but gets feature maps"),
    "groups": ("error", "channels or filters cannot be cut into equal groups"),
    "shapes-differ": ("error", "the inputs to be merged have different shapes"),
    "sizes-differ": ("error", "the numbers do not fill the shape they are to be arranged in"),
    "too-large": ("error", "the layer would put out more numbers than any computer here can hold"),
    "unknown-type": ("error", "the layer's type is not known to this version"),
    "unread": ("warning", "real pixels at the edge are never read"),
    "unused": ("warning", "the layer is not connected to anything"),
    "several-ends": ("warning", "several layers lead nowhere, so the last one must be named"),
}


def infer(network: Network, previous: Inference | None = None) -> Inference:
    """Shapes and problems of a network; what did not change since `previous` is taken over, which makes edits cheap."""
    shapes: dict[str, Shape | None] = {}
    inputs: dict[str, tuple[Shape, ...]] = {}
    by_node: dict[str, tuple[Problem, ...]] = {}
    old = previous if previous is not None else Inference()
    for key in network.order:
        node = network.nodes[key]
        wired = network.incoming.get(key)
        gets = None if key in network.on_cycle else _gathered(node, wired or {}, shapes)
        if gets is not None:
            inputs[key] = gets
            if old.network.nodes.get(key) is node and old.inputs.get(key) == gets:
                shapes[key] = old.shapes[key]
                kept = old._local.get(key)
                if kept:
                    by_node[key] = kept
                continue
        shapes[key], found = _judge(network, node, gets, wired or {})
        if found:
            by_node[key] = found
    local = dict(by_node)
    problems = [problem for key in network.order for problem in by_node.get(key, ())]
    for problem in _whole(network, any(problem.severity == "error" for problem in problems)):
        problems.append(problem)
        by_node[problem.node] = (*by_node.get(problem.node, ()), problem) if problem.node else ()
    return Inference(shapes, inputs, tuple(problems), network, by_node, local)


def running(network: Network) -> Inference:
    """The shapes of a network that can run; NetworkError lists what keeps it from running, a line each."""
    inference = infer(network)
    if inference.errors:
        raise NetworkError("\n".join(problem.sentence() for problem in inference.errors))
    return inference


def _gathered(node: Node, wired: Mapping[int, str], shapes: Mapping[str, Shape | None]) -> tuple[Shape, ...] | None:
    """The input shapes in the order of ports, or None where one is missing or unknown."""
    if len(wired) < node.layer.ports[0]:
        return None
    gets = tuple(shapes.get(wired[port]) for port in sorted(wired))
    return None if None in gets else gets  # type: ignore[return-value]


def _judge(network: Network, node: Node, gets: tuple[Shape, ...] | None,
           wired: Mapping[int, str]) -> tuple[Shape | None, tuple[Problem, ...]]:
    if node.id in network.on_cycle:
        return None, (_problem(node, "cycle", "lies on a cycle, so it would wait for itself. Remove one wire."),)
    if isinstance(node.layer, Unknown):
        # It cannot run, whatever its inputs are, and nobody knows how many it needs.
        gets = gets or ()
    elif len(wired) < node.layer.ports[0]:
        return None, (_problem(node, "input-missing", _missing_text(node, len(wired))),)
    if gets is None:
        return None, ()
    try:
        shape = gets[0] if node.layer.bypassed and gets else node.layer.output_shape(*gets)
    except ShapeError as error:
        return None, (_problem(node, error.code, error.message, error.formula),)
    size = 1
    for length in shape:
        size *= length
    if size > LARGEST_OUTPUT or _numbers_kept(node, gets) > LARGEST_OUTPUT:
        return None, (_problem(node, "too-large", f"would need more than {LARGEST_OUTPUT:,} numbers ({describe(shape)} "
                                                  f"come out). Make it smaller."),)
    noted = None if node.layer.bypassed else node.layer.warning(*gets)
    return shape, (_problem(node, *noted),) if noted else ()


def _numbers_kept(node: Node, gets: tuple[Shape, ...]) -> int:
    return sum(spec.size for spec in node.layer.arrays(*gets).values())


def _missing_text(node: Node, wired: int) -> str:
    least = node.layer.ports[0]
    if least == 1:
        return "has no input. Draw a wire into it."
    return f"needs {least} inputs but has {wired}. Draw a wire into each."


def _problem(node: Node, code: str, text: str, formula: str = "") -> Problem:
    return Problem(CODES[code][0], node.id, node.name, code, f"{node.name} {text}", formula)


def _whole(network: Network, broken: bool) -> list[Problem]:
    """Problems of the network as a whole; those without a layer have an empty `node`."""
    if not network.nodes:
        return [Problem("error", "", "", "empty", "The network is empty. Drag a layer from the palette, or start "
                                                  "from a template.")]
    found = []
    if not any(node.layer.ports[1] == 0 for node in network.nodes.values()):
        found.append(Problem("error", "", "", "no-input", "There is no Input. Add one: it is where pictures come in."))
    finals = network.finals()
    loose = [key for key in finals if key not in network.incoming and len(network.nodes) > 1]
    found.extend(_problem(network.nodes[key], "unused", "is not connected to anything. Wire it in, or delete it.")
                 for key in loose if network.nodes[key].layer.ports[0] == 0)
    ends = [key for key in finals if key not in loose]
    if len(ends) > 1 and not broken:
        names = ", ".join(network.nodes[key].name for key in ends[:5])
        found.append(_problem(network.nodes[ends[-1]], "several-ends",
                              f"is one of {len(ends)} layers that lead nowhere ({names}); training needs one."))
    return found
