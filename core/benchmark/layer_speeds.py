"""How fast each layer is inside a training pass, and what share of the register tile's peak it reaches there."""

import statistics
from dataclasses import dataclass

from core.benchmark.rounds import Effort, Peak, Progress, Spread, ask_peak, quiet_rounds
from core.benchmark.side import Side
from core.graph.cost import cost
from core.graph.network import Network
from core.graph.shapes import running

# Times of a layer, [forward, backward] of each pass.
_Times = dict[str, list[list[float]]]


@dataclass(frozen=True)
class Way:
    """One direction: seconds for the batch; speed and share of the peak on all threads where there are multiply-adds.

    The multiply-adds are those of the layer's definition, so kernels that save some can pass a share of 1.
    """

    seconds: Spread
    operations_per_second: Spread | None
    share: Spread | None


@dataclass(frozen=True)
class LayerSpeed:
    """One layer, with those that run together with it. `kernel` tells which kernel runs and why.

    Multiply-adds of `together` count with its own: layers that its step works on by turns.
    """

    layer: str
    type: str
    input_channels: int
    output_channels: int
    kernel: str
    forward: Way
    backward: Way
    together: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerSpeeds:
    """The layers of a training pass in order, and the seconds `between` them.

    These go to the loss, to the pictures' way into the engine, and to threads that wait for each other.
    """

    layers: tuple[LayerSpeed, ...]
    between: Spread


@dataclass(frozen=True)
class _Round:
    times: _Times
    between: list[float]
    together: dict[str, str]
    peak: Peak


def measure_layers(side: Side, network: Network, wanted: tuple[int, Effort], choices: dict[str, str],
                   progress: Progress | None = None) -> LayerSpeeds:
    """All layers that are steps of the engine, in order, for the job that our side has open.

    `wanted` is (batch, effort), `choices` what our side answered when it was opened.
    """
    batch, effort = wanted
    side.ask("layers", passes=1)
    once = _round(side, 1)
    seconds = once.between[0] + sum(forward[0] + backward[0] for forward, backward in once.times.values())
    passes = max(1, round(effort.seconds / seconds))

    def work(number: int) -> _Round:
        return _round(side, passes)

    rounds = quiet_rounds([side], effort, work, progress).found
    inference = running(network).flat
    costs, names = cost(inference).layers, inference.network.names
    found = []
    for name in rounds[0].times:
        key = names[name]
        shape = inference.shapes[key]
        assert shape is not None
        others = tuple(other for other, leading in once.together.items() if leading == name)
        counted = [costs[names[each]] for each in (name, *others)]
        macs = (sum(each.macs for each in counted), sum(each.macs_backward for each in counted))
        forward, backward = (_way(rounds, name, direction, each * batch) for direction, each in enumerate(macs))
        found.append(LayerSpeed(name, inference.network.nodes[key].type, inference.inputs[key][0][0], shape[0],
                                choices.get(name, ""), forward, backward, others))
    return LayerSpeeds(tuple(found), Spread.of([statistics.median(each.between) for each in rounds]))


def _round(side: Side, passes: int) -> _Round:
    answer = side.ask("layers", passes=passes)
    return _Round(answer["layers"], answer["between"], answer["together"], ask_peak(side))


def _way(rounds: list[_Round], name: str, direction: int, macs: int) -> Way:
    seconds = [statistics.median(each.times[name][direction]) for each in rounds]
    if not macs or not min(seconds):
        return Way(Spread.of(seconds), None, None)
    speeds = [2 * macs / each for each in seconds]
    shares = [speed / each.peak.all for speed, each in zip(speeds, rounds, strict=True)]
    return Way(Spread.of(seconds), Spread.of(speeds), Spread.of(shares))
