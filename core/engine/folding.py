"""In inference mode a normalisation is only a factor and a shift per channel: the convolution before it takes them on.

Its filters are multiplied by the factors and its bias becomes the shift, so the normalised maps come out of it at once.
Training needs the bare maps as well, so the filters are packed anew where the mode changes.
"""

from core.engine.plan import Plan, reads
from core.engine.steps.batch_norm import Normalise
from core.engine.steps.convolution import Convolution


def fold(plan: Plan) -> None:
    """Let every convolution take on the normalisation behind it, if nobody else reads what it makes."""
    makers = {id(step.output): (step, made) for step, made in zip(plan.steps, plan.made, strict=True)
              if isinstance(step, Convolution) and not step.relu and not step.pool}
    for step in plan.steps:
        maker, made = makers.get(id(step.sources[0]), (None, ""))
        if isinstance(step, Normalise) and maker is not None and reads(plan.flow, made) == 1:
            maker.behind, step.folded = step, True
