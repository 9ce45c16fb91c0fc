"""What a node says: worked out of the document as a value, so that only what changed is painted again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.graph.block import Block
from core.graph.cost import Cost
from core.graph.goals import ends, goals_of
from core.graph.network import Network, Node
from core.graph.shapes import Inference, Problem
from core.layers.base import describe

# Nothing is wrong yet where a wire is still to be drawn: such nodes say so without shouting.
CALM = ("input-missing", "unused")


@dataclass(frozen=True)
class NodeLook:
    """Everything that is written on a node, and its place (top left)."""

    id: str
    name: str
    kind: str
    family: str
    settings: str
    shape: str
    parameters: str
    ports: int
    position: tuple[float, float]
    complaint: str = ""
    error: bool = False
    calm: bool = False
    warning: bool = False
    frozen: bool = False
    bypassed: bool = False
    missing: tuple[int, ...] = ()
    block: bool = False


def output_words(inference: Inference) -> dict[str, str]:
    """What the outputs say of themselves, by id, where there are several: "main output", "auxiliary × 0.3".

    Inside a block nobody knows which outputs the whole network has.
    """
    network = inference.network
    if inference.given is not None or not inference.runs or len(ends(network)) < 2:
        return {}
    return {goal.id: "main output" if goal.main else f"auxiliary × {goal.weight:g}" for goal in goals_of(network)
            if goal.id in network.nodes}


def node_look(network: Network, inference: Inference, cost: Cost, key: str, output: str = "") -> NodeLook:
    """What the node `key` says; `output` are its words as an output of the network."""
    node = network.nodes[key]
    problems = inference.problems_of(key)
    worst = worst_problem(problems)
    error = worst is not None and worst.severity == "error"
    wired = network.inputs_of(key)
    counted = cost.layers.get(key)
    return NodeLook(
        id=key, name=node.name, kind=node.type, family=node.layer.family, settings=settings_line(node, output),
        shape=describe(inference.shapes.get(key)), parameters="" if counted is None else f"{counted.parameters:,}",
        ports=network.port_count(key), position=node.position,
        complaint=complaint(node, worst) if error and worst is not None else "",
        error=error, calm=worst is not None and worst.code in CALM,
        warning=any(problem.severity == "warning" for problem in problems),
        frozen=node.layer.frozen, bypassed=node.layer.bypassed,
        missing=tuple(port for port in range(node.layer.ports[0]) if port not in wired),
        block=isinstance(node.layer, Block))


def settings_line(node: Node, output: str = "") -> str:
    """The settings in a few words, or what keeps them from counting, after what the layer is as an output."""
    short = "bypassed" if node.layer.bypassed else node.layer.short()
    own = node.layer.bypassed or any(name not in ("frozen", "bypassed") for name in node.layer.values())
    # What a layer without settings says of itself gives way: there is room for one of both.
    return output if output and not own else " · ".join(filter(None, (output, short)))


def worst_problem(problems: tuple[Problem, ...]) -> Problem | None:
    """The first error, else the first warning."""
    return min(problems, key=lambda problem: problem.severity != "error", default=None)


def _too_small(node: Node) -> str:
    window = node.layer.window()
    return "too small" if window is None else f"needs {window.reach(0)}×{window.reach(1)}"


def _missing(node: Node) -> str:
    least = node.layer.ports[0]
    return "needs an input" if least == 1 else f"needs {least} inputs"


_COMPLAINTS: Mapping[str, Callable[[Node], str]] = {
    "too-small": _too_small,
    "input-missing": _missing,
    "needs-maps": lambda node: "needs maps",
    "needs-vector": lambda node: "needs a vector",
    "groups": lambda node: "groups do not fit",
    "shapes-differ": lambda node: "shapes differ",
    "too-large": lambda node: "too large",
    "cycle": lambda node: "on a cycle",
    "unknown-type": lambda node: "unknown type",
    "port-outside": lambda node: "only for blocks",
    "input-inside": lambda node: "not in a block",
}


def complaint(node: Node, problem: Problem) -> str:
    """An error in two or three words, for the line where the shape would stand."""
    if isinstance(node.layer, Block) and problem.layer.rpartition("/")[2] != node.name:
        return "problem inside"
    made = _COMPLAINTS.get(problem.code)
    return made(node) if made is not None else "does not fit"


def spoken(look: NodeLook, problems: tuple[Problem, ...]) -> str:
    """A node for screen readers: "Conv2D C1, 6 of 5×5, output 6×28×28, 156 parameters, 1 problem"."""
    parts = [f"{look.kind} {look.name}" if look.name != look.kind else look.kind]
    if look.settings:
        parts.append(look.settings)
    parts.append("output unknown" if look.shape == "?" else f"output {look.shape}")
    if look.parameters:
        parts.append(f"{look.parameters} parameter{'' if look.parameters == '1' else 's'}")
    if look.frozen:
        parts.append("frozen")
    if problems:
        parts.append(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}: {problems[0].sentence()}")
    return ", ".join(parts)

