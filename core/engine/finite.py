"""Looking for the layer whose numbers broke first; slow, and only done once something has broken."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from core.engine.plan import Plan
from core.engine.runner import Runner
from core.engine.steps.base import Part, Step
from core.engine.steps.loss import Loss


def first_broken(runner: Runner, losses: Sequence[Loss]) -> str | None:
    """The layer whose output, or else whose gradient, is the first that is not finite; None where all are finite.

    Outputs are still there after a step. Gradients are not, since steps reuse their memory: the way back is gone again,
    one layer at a time.
    """
    plan, count = runner.plan, runner.run.count
    if not np.isfinite(plan.source.rows(count)).all():
        return plan.flow.source_name
    for step in plan.steps:
        if step.name not in plan.idle and not np.isfinite(step.output.rows(count)).all():
            return step.name
    runner.execute([[loss.compute for loss in losses]])
    for loss, end in zip(losses, plan.flow.ends, strict=True):
        if not np.isfinite(loss.gradient[:count]).all():
            makers = [step.name for step, made in zip(plan.steps, plan.made, strict=True) if made == end.source]
            return makers[0] if makers else None
    for step in reversed(plan.steps):
        if step.output.gradient is not None:
            _go_back(runner, step)
            if not _passed_on_finite(step, count) or not _own_finite(plan, step.name):
                return step.name
    return None


def _go_back(runner: Runner, step: Step) -> None:
    """One step's way back, with its weight gradients."""
    runner.execute([part if part.pictures is None else [part.pictures] for part in step.backward_parts()])
    for work in step.gradient_works():
        runner.execute([Part(once=partial(work, 0))])


def _passed_on_finite(step: Step, count: int) -> bool:
    arrays = [(each, source.size) for source in step.sources for each in (source.gradient, *source.others)]
    arrays += [(sample.gradient, sample.size) for source in step.sources for sample in source.samples]
    return all(_finite(array, count * size) for array, size in arrays)


def _own_finite(plan: Plan, name: str) -> bool:
    parameters = plan.build.parameters
    return all(bool(np.isfinite(parameter.view(parameters.gradients)).all())
               for key, parameter in parameters.table.items() if key.rpartition(".")[0] == name)


def _finite(gradient: np.ndarray | None, count: int) -> bool:
    return gradient is None or bool(np.isfinite(gradient[:count]).all())
