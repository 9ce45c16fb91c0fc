"""What neighbouring steps do for each other, settled when the plan is there.

In inference mode a normalisation is only a factor and a shift per channel: the convolution before it takes them on. Its
filters are multiplied by the factors and its bias becomes the shift, so the normalised maps come out of it at once.
Training needs the bare maps as well, so the filters are packed anew where the mode changes.

On the way back a convolution of one pixel waits for memory, and would have to fetch its whole output for the gate of
its ReLU. A convolution behind it has these numbers at hand, as its input, and cuts the gradient before it sends it.

The memory that such a convolution writes to is far away since the batch before, and would be read first. It writes
past the caches, where the only reader has so much to do with each number that it comes back meanwhile.

A 1×1 with a stride waits for memory both ways. A larger convolution that reads the same maps brings them anyway.
"""

from core.engine.plan import Plan, reads
from core.engine.siblings import siblings
from core.engine.steps.batch_norm import Normalise
from core.engine.steps.convolution import Convolution
from core.engine.steps.direct import DirectConvolution
from core.engine.steps.pointwise import PointwiseConvolution
from core.engine.steps.regions import RegionConvolution
from core.engine.steps.sampled import SampledConvolution
from core.engine.steps.siblings import Siblings

# An output is streamed if a thread makes so many numbers of it in a batch: fewer may still be near.
_MANY = 256 * 1024
# Multiply-adds with a number, during which memory brings others.
_MUCH_WORK = 1024


def settle(plan: Plan) -> None:
    """Let neighbours do for each other what they can."""
    fold(plan)
    gate_early(plan)
    stream(plan)
    join(plan)


def gate_early(plan: Plan) -> None:
    """Let the only reader of a convolution of one pixel send its gradient through the gate, if it crops it anyway."""
    readers = {id(step.source): step for step in plan.steps
               if isinstance(step, DirectConvolution) and step.target is not None and step.shape.padded}
    for step, made in zip(plan.steps, plan.made, strict=True):
        reader = readers.get(id(step.output))
        if (isinstance(step, PointwiseConvolution) and step.relu and not step.pool and reader is not None
                and reads(plan.flow, made) == 1):
            step.get_gated()
            reader.sends_gated = True


def stream(plan: Plan) -> None:
    """Let convolutions of one pixel write past the caches where their reader need not wait for it."""
    readers = {id(step.source): step for step in plan.steps if isinstance(step, DirectConvolution)}
    for step, made in zip(plan.steps, plan.made, strict=True):
        if isinstance(step, PointwiseConvolution) and id(step.output) in readers and reads(plan.flow, made) == 1:
            reader, size = readers[id(step.output)], step.output.size
            if size * plan.build.batch >= _MANY * plan.build.threads and reader.macs >= _MUCH_WORK * size:
                step.stream()


def fold(plan: Plan) -> None:
    """Let every convolution take on the normalisation behind it, if nobody else reads what it makes."""
    makers = {id(step.output): (step, made) for step, made in zip(plan.steps, plan.made, strict=True)
              if isinstance(step, Convolution) and not step.relu and not step.pool}
    for step in plan.steps:
        maker, made = makers.get(id(step.sources[0]), (None, ""))
        if isinstance(step, Normalise) and maker is not None and reads(plan.flow, made) == 1:
            maker.behind, step.folded = step, True


def join(plan: Plan) -> None:
    """Let siblings be worked on together, where both are done as that wants it."""
    steps = {step.name: step for step in plan.steps if isinstance(step, Convolution)}
    for large, small in siblings(plan.flow):
        first, second = steps.get(large.name), steps.get(small.name)
        if isinstance(first, RegionConvolution) and isinstance(second, SampledConvolution):
            plan.siblings[first] = plan.siblings[second] = Siblings(first, second)
