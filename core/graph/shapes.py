"""Shape inference: every node gets a shape or a Problem; it never stops at the first one and never raises."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from core.errors import NetworkError
from core.graph.block import Block, BlockInput, BlockOutput, is_port
from core.graph.expand import SEPARATOR, expanded
from core.graph.goals import Goal, goals_of, has_one_plain_end
from core.graph.network import Network, Node
from core.graph.zeros import AT_ZERO, at_zero
from core.layers.base import Shape, ShapeError, describe
from core.layers.input import Input
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

    `inputs` holds the input shapes of nodes whose inputs are all known, `blocks` what follows inside each block. Inside
    a block `given` has the shapes of its inputs by id, and `prefix` the names of the blocks around: "Stem/".
    """

    shapes: dict[str, Shape | None] = field(default_factory=dict)
    inputs: dict[str, tuple[Shape, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    network: Network = field(default_factory=Network)
    blocks: dict[str, "Inference"] = field(default_factory=dict)
    given: Mapping[str, Shape | None] | None = None
    prefix: str = ""
    _by_node: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    _local: dict[str, tuple[Problem, ...]] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the network from running."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    def problems_of(self, node: str) -> tuple[Problem, ...]:
        """The problems at one node."""
        return self._by_node.get(node, ())

    def at(self, path: Iterable[str]) -> "Inference":
        """What follows inside the block that is reached through these blocks."""
        found = self
        for key in path:
            found = found.blocks[key]
        return found

    @cached_property
    def flat(self) -> "Inference":
        """The same of the network without its blocks (see `core.graph.expand`)."""
        if not self.blocks:
            return self
        shapes: dict[str, Shape | None] = {}
        inputs: dict[str, tuple[Shape, ...]] = {}
        problems: dict[str, tuple[Problem, ...]] = {}
        self._flatten("", shapes, inputs, problems)
        network = expanded(self.network)
        ordered = {key: inputs[key] for key in network.order if key in inputs}
        return Inference(shapes, ordered, self.problems, network, _by_node=problems, _local=problems)

    def _flatten(self, prefix: str, shapes: dict[str, Shape | None], inputs: dict[str, tuple[Shape, ...]],
                 problems: dict[str, tuple[Problem, ...]]) -> None:
        for key in self.network.order:
            if key in self.blocks:
                self.blocks[key]._flatten(f"{prefix}{key}/", shapes, inputs, problems)
            elif self.given is None or not is_port(self.network.nodes[key]):
                shapes[prefix + key] = self.shapes.get(key)
                if key in self.inputs:
                    inputs[prefix + key] = self.inputs[key]
                found = self._by_node.get(key) if prefix else self._local.get(key)
                if found:
                    problems[prefix + key] = tuple(replace(each, node=prefix + key) for each in found)

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
    "port-outside": ("error", "an input or output of a block stands outside of one"),
    "input-inside": ("error", "an Input stands inside a block, where no pictures come in"),
    "unread": ("warning", "real pixels at the edge are never read"),
    "unused": ("warning", "the layer is not connected to anything"),
    "several-ends": ("warning", "several layers lead nowhere, and they put out different shapes"),
    "no-weight": ("warning", "the losses of all outputs have the weight 0, so nothing can be learned"),
    "zeros": ("warning", "a layer that others follow begins with all weights at 0, so it learns little or nothing"),
}


def infer(network: Network, previous: Inference | None = None) -> Inference:
    """Shapes and problems of a network; what did not change since `previous` is taken over, which makes edits cheap.

    Blocks are looked into: `blocks` has what follows inside each, and its problems are shown at the block as well. The
    network inside a block is inferred again by itself where `previous` is what was known of it.
    """
    return _Inferring(network, previous if previous is not None else Inference()).done()


class _Inferring:
    """One run over a network in its order."""

    def __init__(self, network: Network, old: Inference) -> None:
        self._network, self._old = network, old
        self._shapes: dict[str, Shape | None] = {}
        self._inputs: dict[str, tuple[Shape, ...]] = {}
        self._by_node: dict[str, tuple[Problem, ...]] = {}
        self._blocks: dict[str, Inference] = {}

    def done(self) -> Inference:
        """Everything that follows."""
        network, by_node, old = self._network, self._by_node, self._old
        for key in network.order:
            self._look_at(network.nodes[key])
        local = dict(by_node)
        problems = [problem for key in network.order for problem in by_node.get(key, ())]
        whole = _whole if old.given is None else _whole_block
        for problem in whole(network, any(problem.severity == "error" for problem in problems)):
            problem = _named(problem, old.prefix)
            problems.append(problem)
            by_node[problem.node] = (*by_node.get(problem.node, ()), problem) if problem.node else ()
        made = Inference(self._shapes, self._inputs, tuple(problems), network, self._blocks, old.given, old.prefix,
                         by_node, local)
        if old.given is not None or not made.runs or has_one_plain_end(network):
            return made
        more = _outputs(made)
        for problem in more:
            by_node[problem.node] = (*by_node.get(problem.node, ()), problem)
        return replace(made, problems=(*problems, *more)) if more else made

    def _look_at(self, node: Node) -> None:
        key, old = node.id, self._old
        wired = self._network.incoming.get(key) or {}
        if old.given is not None and isinstance(node.layer, BlockInput):
            self._shapes[key], self._inputs[key] = old.given.get(key), ()
            return
        gets = None if key in self._network.on_cycle else _gathered(node, wired, self._shapes)
        if gets is not None:
            self._inputs[key] = gets
            if old.network.nodes.get(key) is node and old.inputs.get(key) == gets:
                self._shapes[key] = old.shapes[key]
                if old._local.get(key):
                    self._by_node[key] = old._local[key]
                if key in old.blocks:
                    self._blocks[key] = old.blocks[key]
                return
        self._shapes[key], found = _judge(self._network, node, gets, wired)
        found = tuple(_named(problem, old.prefix) for problem in found)
        if isinstance(node.layer, Block):
            self._shapes[key], inner = self._inside(node, node.layer, wired)
            found += inner
        if found:
            self._by_node[key] = found

    def _inside(self, node: Node, block: Block, wired: Mapping[int, str]) -> tuple[Shape | None, tuple[Problem, ...]]:
        """What a block puts out, and the problems inside it, shown at the block."""
        given = {entry: self._shapes.get(wired[port]) if port in wired else None
                 for port, entry in enumerate(block.entries)}
        prefix = f"{self._old.prefix}{node.name}/"
        known = self._old.blocks.get(node.id)
        if known is None or known.prefix != prefix:
            known = Inference(prefix=prefix)
        # What is frozen has the same shapes, so edits that follow from what is known here leave it as it was drawn.
        inside = block.inside if block.bypassed else block.network
        if known.network is not inside or known.given != given:
            known = infer(inside, replace(known, given=given))
        self._blocks[node.id] = known
        found = tuple(replace(problem, node=node.id) for problem in known.problems)
        if block.exit is None:
            found += (_named(_problem(node, "input-missing", "has no output. Open it and add one."), self._old.prefix),)
        return known.shapes.get(block.exit or ""), found


def _named(problem: Problem, prefix: str) -> Problem:
    """A problem with the names of the blocks around its layer in front."""
    if not prefix or not problem.layer:
        return problem
    return replace(problem, layer=prefix + problem.layer, message=prefix + problem.message)


def running(network: Network) -> Inference:
    """The shapes of a network that can run, without its blocks; NetworkError lists what keeps it from running."""
    inference = infer(network)
    if inference.errors:
        raise NetworkError("\n".join(problem.sentence() for problem in inference.errors))
    return inference.flat


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
    if isinstance(node.layer, Block):
        return None, _unwired(node, wired)
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


def _unwired(node: Node, wired: Mapping[int, str]) -> tuple[Problem, ...]:
    missing = len(wired) < node.layer.ports[0]
    return (_problem(node, "input-missing", _missing_text(node, len(wired))),) if missing else ()


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
    if not any(node.layer.ports[1] == 0 and not isinstance(node.layer, Block) for node in network.nodes.values()):
        found.append(Problem("error", "", "", "no-input", "There is no Input. Add one: it is where pictures come in."))
    found.extend(_problem(node, "port-outside", "is the output of a block and has no use outside of one. Delete it.")
                 for node in network.nodes.values() if isinstance(node.layer, BlockOutput))
    finals = network.finals()
    loose = [key for key in finals if key not in network.incoming and len(network.nodes) > 1]
    found.extend(_problem(network.nodes[key], "unused", "is not connected to anything. Wire it in, or delete it.")
                 for key in loose if network.nodes[key].layer.ports[0] == 0)
    return found + [_problem(node, "zeros", AT_ZERO) for node in at_zero(network)]


def _whole_block(network: Network, broken: bool) -> list[Problem]:
    """Problems of the network inside a block: pictures come in elsewhere, and one layer leads out."""
    found = []
    for key in network.order:
        node = network.nodes[key]
        if isinstance(node.layer, Input):
            found.append(_problem(node, "input-inside", "stands inside a block, where no pictures come in. Delete it, "
                                                        "or move it out."))
        elif key not in network.outgoing and isinstance(node.layer, BlockInput):
            found.append(_problem(node, "unused", "is not connected to anything. Wire it in, or delete it."))
        elif key not in network.outgoing and not (isinstance(node.layer, BlockOutput) or node.output or broken):
            found.append(_problem(node, "several-ends", "leads nowhere, so it is an output of its own. Connect it or "
                                                        "delete it."))
    return found + [_problem(node, "zeros", AT_ZERO) for node in at_zero(network)]


def _outputs(known: Inference) -> list[Problem]:
    """Several outputs are fine as long as all say something about the same classes, and one of them counts."""
    flat = known.flat
    goals = goals_of(flat.network)
    size = flat.shapes.get(goals[0].id)
    if not any(goal.weight for goal in goals):
        what = "its loss has" if len(goals) == 1 else f"the losses of all {len(goals)} outputs have"
        return [_at_goal(known, goals[0], "no-weight", f"has nothing to learn from: {what} the weight 0. Give it the "
                                                       f"weight 1.")]
    # In a block a layer that leads nowhere has been spoken of already, unless it was meant as an output.
    meant = [goal for goal in goals[1:] if goal.id in known.network.nodes or flat.network.nodes[goal.id].output]
    return [_at_goal(known, goal, "several-ends",
                     f"leads nowhere, as {goals[0].name} does, but puts out {describe(flat.shapes.get(goal.id))}, not "
                     f"{describe(size)}. Training needs outputs that are alike: connect it or delete it.")
            for goal in meant if goal.counts and flat.shapes.get(goal.id) != size]


def _at_goal(known: Inference, goal: Goal, code: str, text: str) -> Problem:
    """A problem at an output, shown at the block around it where it lies in one."""
    node = goal.id if goal.id in known.network.nodes else goal.id.partition(SEPARATOR)[0]
    return Problem(CODES[code][0], node, goal.name, code, f"{goal.name} {text}")
