"""What a network is trained for: each of its outputs with loss and weight, the main one first."""

from dataclasses import dataclass

from core.errors import NetworkError
from core.graph.block import Block
from core.graph.expand import SEPARATOR, expanded
from core.graph.levels import put_at
from core.graph.network import Network, Node
from core.graph.output import AUXILIARY, AUXILIARY_WEIGHT, MAIN, SAME, Output
from core.graph.rules import upstream

MAIN_WEIGHT = 1.0


@dataclass(frozen=True)
class Goal:
    """One output in a training: its id and name, its loss, and how much that counts in the sum of all."""

    id: str
    name: str
    loss: str
    weight: float
    main: bool

    @property
    def counts(self) -> bool:
        """Whether the training looks at this output at all; it always looks at the main one."""
        return self.main or self.weight > 0


def ends(network: Network) -> tuple[str, ...]:
    """Ids of the last layers of the expanded network, in order.

    A layer that is wired to nothing is none, unless it is alone.
    """
    network = expanded(network)
    finals = network.finals()
    return tuple(key for key in finals if key in network.incoming) or finals


def has_one_plain_end(network: Network) -> bool:
    """Whether it is plain without taking blocks apart that there is one output and that nothing was decided."""
    finals = network.finals()
    found = [key for key in finals if key in network.incoming] or finals
    return len(found) == 1 and network.nodes[found[0]].output is None \
        and not any(isinstance(node.layer, Block) and node.layer.spreads for node in network.nodes.values())


def main_of(network: Network) -> str:
    """The id of the main output: the one marked so, else of those not marked auxiliary the deepest.

    Depth is the longest way from an Input; of equally deep ones it is the last in order. NetworkError where there is
    no layer.
    """
    network = expanded(network)
    found = ends(network)
    if not found:
        raise NetworkError("The network is empty. Add an Input and layers first.")
    if len(found) == 1:
        return found[0]
    roles = {key: output.role for key in found if (output := network.nodes[key].output) is not None}
    marked = [key for key in found if roles.get(key) == MAIN]
    open_ = [key for key in found if roles.get(key) != AUXILIARY]
    depths = _depths(network)
    candidates = marked or open_ or list(found)
    return max(reversed(candidates), key=lambda key: depths[key])


def goals_of(network: Network, loss: str = "cross-entropy") -> tuple[Goal, ...]:
    """All outputs, the main one first, the others in order. `loss` is the main output's, and of all that name none.

    Where nothing was decided the main output has the weight 1 and each other one 0.3. Ids and names are those of the
    expanded network (see `core.graph.expand`).
    """
    network = expanded(network)
    main = main_of(network)
    others = [key for key in ends(network) if key != main]
    return (_goal(network.nodes[main], loss, main=True), *(_goal(network.nodes[key], loss, main=False)
                                                           for key in others))


def _goal(node: Node, loss: str, *, main: bool) -> Goal:
    decided = node.output
    if decided is None or (main and decided.role == AUXILIARY):
        # What was auxiliary and is now the only one left counts in full.
        decided = Output(weight=MAIN_WEIGHT if main else AUXILIARY_WEIGHT)
    own = loss if main or decided.loss == SAME else decided.loss
    return Goal(node.id, node.name, own, decided.weight, main)


def left_out(network: Network) -> tuple[str, ...]:
    """Names of the outputs that are marked auxiliary: a network in use has no need of them."""
    network = expanded(network)
    main = main_of(network)
    return tuple(network.nodes[key].name for key in ends(network)
                 if key != main and (output := network.nodes[key].output) is not None and output.role == AUXILIARY)


def in_use(network: Network) -> tuple[Network, tuple[str, ...]]:
    """The expanded network as files for use hold it, and the ids of its outputs, the main one first.

    Without outputs that are marked auxiliary and all layers that only lead to them; others stay.
    """
    network = expanded(network)
    without = set(left_out(network))
    kept = sorted((key for key in ends(network) if network.nodes[key].name not in without), key=main_of(network).__ne__)
    if not without:
        return network, tuple(kept)
    needed = set().union(*(upstream(network, key) for key in kept))
    return network.remove(*(key for key in network.nodes if key not in needed)), tuple(kept)


def with_main(network: Network, key: str) -> Network:
    """The network with another main output; it and the one before change their weights, and the others stay."""
    before = {goal.id: goal.weight for goal in goals_of(network)}
    main = main_of(network)
    if key != main:
        network = _decided(network, main, Output(AUXILIARY, before[key]))
    return _decided(network, key, Output(MAIN, before[main]))


def with_output(network: Network, key: str, *, weight: float | None = None, loss: str | None = None) -> Network:
    """The network with another weight or loss of one output; which one is the main output stays as it is."""
    goal = next(goal for goal in goals_of(network) if goal.id == key)
    decided = expanded(network).nodes[key].output
    kept = decided.loss if decided is not None and not goal.main else SAME
    return _decided(network, key, Output(MAIN if goal.main else AUXILIARY, goal.weight if weight is None else weight,
                                         kept if loss is None else loss))


def _decided(network: Network, key: str, output: Output) -> Network:
    """With a decision about a layer, which may lie in blocks."""
    if key in network.nodes:
        return network.decide(key, output)
    outer, _, rest = key.partition(SEPARATOR)
    block = network.nodes[outer].layer
    assert isinstance(block, Block)
    return put_at(network, (outer,), _decided(block.network, rest, output))


def _depths(network: Network) -> dict[str, int]:
    """For each id the number of layers on the longest way to it."""
    found: dict[str, int] = {}
    for key in network.order:
        found[key] = 1 + max((found.get(source, 0) for source in network.inputs_of(key).values()), default=0)
    return found
