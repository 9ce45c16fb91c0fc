"""A network becomes a plan: its steps in order, with the memory they work in."""

import math
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field, replace

from core.engine.arena import Arena, padded
from core.engine.choice import Choice, choose
from core.engine.flow import Flow, Task
from core.engine.parameters import Parameters
from core.engine.pool import Work
from core.engine.room import GradientRoom
from core.engine.siblings import with_siblings
from core.engine.steps.base import Build, Part, Pictures, Run, Scratch, Step
from core.engine.steps.catalogue import STEPS
from core.engine.steps.gather import GatherGradients
from core.engine.steps.lines import only_pools
from core.engine.steps.siblings import Siblings
from core.engine.tensor import Floats, Tensor
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.layers.base import Shape
from core.layers.dense import Dense
from core.layers.maxout import Maxout

# More chunks can keep more threads busy, but each has partial gradients of its own: weights of a layer → chunks.
_CHUNKS = ((32_768, 16), (1_000_000, 8))
_FEWEST_CHUNKS = 4
# Steps that treat every number alike, and so keep the order of the numbers they get.
_ORDERLY = ("activation", "dropout", "batch-norm", "noisy", "random-slope", "learned-slope", "hinges", "scale")
IN_PLACE = (*_ORDERLY, "add", "neighbours")
# Steps whose weights are stored in the order of the numbers they get.
_ANY_ORDER = ("dense", "maxout")


Phase = list[Pictures] | Part
GradientWorks = tuple[list[Work], list[Work]]
# What is put in place of a part of a step, to look at it at work.
Watch = Callable[[Step, Part], Part]


@dataclass
class Plan:
    """Steps in order; `tensors` by id; `choices` tells which kernel each layer got and why.

    `made` holds for each step the id whose output it makes, `idle` the layers that lead to no output that counts,
    `siblings` for each of two steps the one that does the work of both.
    """

    flow: Flow
    build: Build
    source: Tensor
    steps: list[Step] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    idle: set[str] = field(default_factory=set)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    siblings: dict[Step, Siblings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.room = GradientRoom(self.build.arena)
        self.now = 0

    @property
    def last(self) -> Tensor:
        """What the main output's loss takes."""
        return self.tensors[self.flow.last]

    def phases(self, backward: bool, wanted: Iterable[str] | None = None, use: bool = False,
               watch: Watch | None = None) -> list[Phase]:
        """Steps grouped so that threads meet as seldom as possible: lists run per range of pictures, a Part alone.

        The way forward goes as far as the outputs `wanted` (ids; None: those of the loss), and no further. With `use`
        it is the way for inference mode only; `watch` may put something around each part.
        """
        seen = watch or _as_it_is
        found: list[Phase] = []
        if backward:
            learning = [step for step in reversed(self.steps) if step.output.gradient is not None]
            turning = [work for step in learning for work in seen(step, Part(works=step.turn_works())).works]
            parts = [Part(works=turning, steady=all(step.steady for step in learning))] if turning else []
            parts += [seen(step, part) for step in self._joined(learning[::-1])[::-1] for part in step.backward_parts()]
        else:
            needed = self.flow.leading_to((end.source for end in self.flow.ends) if wanted is None else wanted)
            steps = [step for step, made in zip(self.steps, self.made, strict=True) if made in needed]
            parts = [seen(step, part) for step in self._joined(steps)
                     for part in (step.use_parts() if use else step.forward_parts())]
        for part in parts:
            if part.pictures is None:
                found.append(part)
            elif found and isinstance(found[-1], list):
                found[-1].append(part.pictures)
            else:
                found.append([part.pictures])
        return found

    def _joined(self, steps: Sequence[Step]) -> list[Step]:
        """The steps in their order; siblings are one, in the place of the first, where both are there."""
        there, found = set(steps), dict[Step, None]()
        for step in steps:
            both = self.siblings.get(step)
            found[both if both is not None and there.issuperset(both.steps) else step] = None
        return list(found)

    def done_early(self) -> list[Step]:
        """Steps whose way back is over before the last phase of it begins, where that goes over pictures."""
        learning = [step for step in reversed(self.steps) if step.output.gradient is not None]
        parts = [(step, part.pictures is None) for step in learning for part in step.backward_parts()]
        waits = [number for number, (_, whole) in enumerate(parts) if whole]
        if not waits or waits[-1] == len(parts) - 1:
            return []
        last = [step for step, _ in parts[waits[-1] + 1:]]
        return [step for step in learning if step not in last]

    def gradient_works(self, beside: bool, watch: Callable[[Step, Sequence[Work]], list[Work]] | None = None
                       ) -> GradientWorks:
        """What makes the weights' gradients: beside the last phase of the way back where that may be, and behind it."""
        early = self.done_early() if beside else []
        found: GradientWorks = ([], [])
        # The last layers mostly have the most weights; begun first, no thread waits for them at the end.
        for step in reversed(self.steps):
            works = step.gradient_works()
            found[step not in early].extend(watch(step, works) if watch else works)
        return found


def _as_it_is(step: Step, part: Part) -> Part:
    return replace(part, steady=step.steady)


def make_plan(flow: Flow, batch: int, threads: int, learns: bool, parameters: Parameters) -> Plan:
    """Build every step. Where `parameters` has its arrays already, the plan uses them; else it declares its own."""
    arena = parameters.arena if learns else Arena()
    build = Build(batch, chunk_size(flow, batch), threads, learns, arena, parameters, Scratch(arena, threads), Run(),
                  side_by_side(flow, batch))
    source = Tensor(flow.source_shape, batch, arena.floats(batch * math.prod(flow.source_shape)))
    source.planes = _by_planes(flow)
    plan = Plan(flow, build, source, tensors={flow.source: source})
    needed = flow.leading_to(end.source for end in flow.ends)
    learning = _learning(flow, needed) if learns else set()
    for plan.now, task in enumerate(flow.tasks):
        _add_step(plan, task, learning, needed)
    plan.now += 1
    if not parameters.count or not parameters.weights.size:
        parameters.allocate()
    build.scratch.allocate()
    for step in plan.steps:
        step.ready()
    plan.choices = with_siblings(flow, plan.choices)
    # These know the plan: a circle that would keep all arrays until the collector comes round.
    for tensor in plan.tensors.values():
        tensor.room = None
    return plan


def _by_planes(flow: Flow) -> bool:
    """Whether the input stays channel by channel as it comes: where nothing but pools reads it."""
    readers = _readers(flow, flow.source)
    several = len(flow.source_shape) == 3 and flow.source_shape[0] > 1 and math.prod(flow.source_shape[1:]) > 1
    needed = flow.leading_to(end.source for end in flow.ends)
    alone = len(readers) == reads(flow, flow.source) and all(reader.output in needed for reader in readers)
    return COMPILED and several and bool(readers) and alone and only_pools(readers)


def chunk_size(flow: Flow, batch: int) -> int:
    """Pictures per chunk: whole vectors of them where they lie side by side."""
    largest = max((_weights_of(task) for task in flow.tasks), default=1)
    chunks = next((chunks for most, chunks in _CHUNKS if largest <= most), _FEWEST_CHUNKS)
    size = max(1, -(-batch // chunks))
    return padded(size, LANES) if side_by_side(flow, batch) else size


def side_by_side(flow: Flow, batch: int) -> bool:
    """Whether a layer wants whole vectors of pictures."""
    return batch >= LANES and any(choose(task).kernel == "abreast" for task in flow.tasks)


def _weights_of(task: Task) -> int:
    if isinstance(task.layer, Dense | Maxout):
        return 0
    return sum(spec.size for spec in task.layer.arrays(*task.input_shapes).values())


def _learning(flow: Flow, needed: Container[str]) -> set[str]:
    """Ids of outputs whose gradient is needed: something at or before them learns, and they lead to a loss."""
    found: set[str] = set()
    for task in flow.tasks:
        if task.output not in needed:
            continue
        own = not task.layer.frozen and any(spec.trained for spec in task.layer.arrays(*task.input_shapes).values())
        if own or any(each in found for each in task.inputs):
            found.add(task.output)
    return found


def _add_step(plan: Plan, task: Task, learning: set[str], needed: Container[str]) -> None:
    build, sources = plan.build, [plan.tensors[each] for each in task.inputs]
    if task.output not in needed:
        # It never goes back, so it may not claim a gradient that the others wait for.
        plan.idle.add(task.name)
        task = replace(task, layer=replace(task.layer, frozen=True))
        sources = [replace(source, gradient=None, others=[]) for source in sources]
    choice = choose(task)
    plan.choices[task.name] = choice
    numbers, lent = build.batch * math.prod(task.shape), None
    if choice.kernel in ("flatten", "reshape") and stays_in_place(plan.flow, task):
        spread = None if _lies_flat(sources[0].shape) else sources[0].shape
        output = Tensor(task.shape, build.batch, sources[0].values, spread, sources[0].gradient)
        if output.gradient is not None:
            plan.room.keep(output.gradient, _last_reader(plan.flow, task.output))
    else:
        spread = sources[0].spread if choice.kernel in _ORDERLY else None
        gradient = _gradient_of(plan, task, choice.kernel) if task.output in learning else None
        output = Tensor(task.shape, build.batch, build.arena.floats(numbers), spread, gradient)
        plan.steps.append(STEPS[choice.kernel](task, sources, output, build))
        plan.steps[-1].macs = task.layer.macs(task.input_shapes, task.layer_shape)
        plan.made.append(task.output)
        lent = plan.steps[-1].lends
    output.room = _room_for_others(plan, task, lent)
    output.shared = reads(plan.flow, task.output) > 1
    plan.tensors[task.output] = output
    # Normalisation adds up in the pass that makes its sums.
    if output.shared and output.gradient is not None and choice.kernel != "batch-norm":
        plan.steps.append(GatherGradients(task.name, output, build))
        plan.made.append(task.output)


def _room_for_others(plan: Plan, task: Task, lent: Floats | None) -> Callable[[int], Floats]:
    """What gives room for so many numbers that one more reader sends back: from it to the task that is built now.

    A second and last reader gets what the task's step lends, if it wants as many.
    """
    if lent is not None and reads(plan.flow, task.output) == 2:
        plan.room.keep(lent, _last_reader(plan.flow, task.output))
    else:
        lent = None
    maker = plan.now

    def give(numbers: int) -> Floats:
        return lent if lent is not None and lent.size == numbers else plan.room.take(numbers, maker, plan.now)

    return give


def _gradient_of(plan: Plan, task: Task, kernel: str) -> Floats:
    """Room for an output's gradient, from its last reader to the task that made it.

    Where the way back works in place, an input of that size that nobody else reads lends its own.
    """
    last = _last_reader(plan.flow, task.output)
    if kernel in IN_PLACE:
        for each in task.inputs:
            lent = plan.tensors[each].gradient
            if lent is not None and reads(plan.flow, each) == 1:
                plan.room.keep(lent, last)
                return lent
    numbers = plan.build.batch * math.prod(task.shape)
    # A dense layer's weight gradients are made when the way back is over: its output's must still be there.
    return plan.build.arena.floats(numbers) if kernel == "dense" else plan.room.take(numbers, plan.now, last)


def stays_in_place(flow: Flow, task: Task) -> bool:
    """Whether a Flatten or Reshape can leave the numbers in place: their order is right, or does not matter."""
    if reads(flow, task.inputs[0]) != 1:
        return False
    if _lies_flat(task.input_shapes[0]) and _lies_flat(task.shape):
        return True
    return len(task.shape) == 1 and _any_order_will_do(flow, task.output)


def _lies_flat(shape: Shape) -> bool:
    """Whether height × width × channels is the same order as channels × height × width."""
    return len(shape) == 1 or shape[0] == 1 or shape[1:] == (1, 1)


def _any_order_will_do(flow: Flow, output: str) -> bool:
    readers = _readers(flow, output)
    if not readers or len(readers) < reads(flow, output):
        return False
    for reader in readers:
        kernel = choose(reader).kernel
        if kernel not in _ANY_ORDER and not (kernel in _ORDERLY and _any_order_will_do(flow, reader.output)):
            return False
    return True


def _readers(flow: Flow, output: str) -> list[Task]:
    """The tasks that read an output, one entry for each time."""
    return [task for task in flow.tasks for each in task.inputs if each == output]


def _last_reader(flow: Flow, output: str) -> int:
    """The place in the flow of the last task that reads an output; behind all of them where a loss does."""
    if any(end.source == output for end in flow.ends):
        return len(flow.tasks)
    return max((number for number, task in enumerate(flow.tasks) if output in task.inputs), default=0)


def reads(flow: Flow, output: str) -> int:
    """How often an output is read, by tasks and by losses."""
    return len(_readers(flow, output)) + sum(end.source == output for end in flow.ends)
