"""One layer's step on its own: outputs, and the gradients of inputs and arrays for a given gradient of the output."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.engine.arena import Arena
from core.engine.choice import choose
from core.engine.flow import End, Flow, Task
from core.engine.parameters import Parameters
from core.engine.plan import IN_PLACE, Plan, chunk_size
from core.engine.pool import Pool
from core.engine.runner import Runner
from core.engine.steps.base import Build, Run, Scratch
from core.engine.steps.catalogue import STEPS
from core.engine.tensor import Tensor
from core.graph.goals import Goal
from core.layers.base import Array, Layer


@dataclass
class How:
    """How a layer is run. `spare` pictures fit in besides those given; `lends` shares gradients as plans do.

    `precise` forgoes kernels that lose digits.
    """

    training: bool = True
    noise: bool = False
    threads: int = 1
    spare: int = 0
    seed: int = 0
    step: int = 0
    name: str = "Layer"
    lends: bool = False
    precise: bool = False


@dataclass
class Made:
    """What came out; `arrays` are gradients, `statistics` the layer's arrays afterwards."""

    output: Array
    inputs: list[Array]
    arrays: dict[str, Array]
    statistics: dict[str, Array]


def alone(layer: Layer, weights: dict[str, Array], inputs: Sequence[Array], given: Array, how: How) -> Made:
    """Run the step that the engine chooses for a layer. Memory is full of NaN wherever nothing was written."""
    shapes, shape = tuple(x.shape[1:] for x in inputs), given.shape[1:]
    names = tuple(f"in{number}" for number in range(len(inputs)))
    task = Task("out", how.name, layer, names, shapes, shape, shape, "out", precise=how.precise)
    ends = (End(Goal("out", how.name, "sum-of-squares", 1.0, True), "out"),)
    flow = Flow((task,), "in0", "in0", shapes[0], ends, {})
    arena, count = Arena(), len(given)
    batch, parameters = count + how.spare, Parameters(arena)
    build = Build(batch, chunk_size(flow, batch), how.threads, True, arena, parameters, Scratch(arena, how.threads),
                  Run(count, how.training, how.noise, how.seed, how.step))
    sources = [Tensor(each, batch, _unknown(batch, each), None, _unknown(batch, each)) for each in shapes]
    kernel = choose(task).kernel
    lent = sources[0].gradient if how.lends and kernel in IN_PLACE else None
    output = Tensor(shape, batch, arena.floats(batch * int(np.prod(shape))), None,
                    _unknown(batch, shape) if lent is None else lent)
    step = STEPS[kernel](task, sources, output, build)
    parameters.allocate()
    parameters.gradients.fill(np.nan)
    build.scratch.allocate()
    step.ready()
    parameters.write({f"{how.name}.{name}": array for name, array in weights.items()})
    step.refresh()
    for source, x in zip(sources, inputs, strict=True):
        source.put(source.values, x)
    return _run(Plan(flow, build, sources[0], [step], ["out"], tensors={"out": output}), sources, given, how)


def _unknown(batch: int, shape: tuple[int, ...]) -> Array:
    array = Arena().floats(batch * int(np.prod(shape)))
    array.fill(np.nan)
    return array


def _run(plan: Plan, sources: list[Tensor], given: Array, how: How) -> Made:
    pool, (step,), parameters = Pool(how.threads), plan.steps, plan.build.parameters
    try:
        runner = Runner(plan, pool)
        step.prepare(how.training)
        runner.execute(plan.phases(backward=False))
        output = step.output.read(len(given))
        step.output.put(step.output.gradient, given)
        runner.execute(runner.backward)
        pool.run(step.gradient_works())
        if how.training:
            step.commit()
    finally:
        pool.close()
    cut = len(how.name) + 1
    arrays = {name[cut:]: each.read(parameters.gradients) for name, each in parameters.table.items() if each.trained}
    return Made(output, [source.outside(source.gradient, len(given)) for source in sources], arrays,
                {name[cut:]: array for name, array in parameters.read().items()})
