"""Batch descent: all training pictures decide one step, however many they are."""

import time
from collections.abc import Generator
from dataclasses import dataclass

from core.engine.engine import StepResult
from core.layers.base import Array
from core.train.control import Control
from core.train.events import Gathering
from core.train.optimizers import Optimizer
from core.train.prepare import Prepared


@dataclass(frozen=True)
class WholeStep:
    """What the step gave, and the seconds it worked."""

    result: StepResult
    seconds: float


def whole_step(prepared: Prepared, order: Array, epoch: int, rate: float, optimizer: Optimizer,
               control: Control) -> Generator[Gathering, None, WholeStep | None]:
    """One step over the pictures at `order`, gathered piece by piece in that order.

    None where it was stopped meanwhile: then nothing has changed. Where a number broke nothing has changed either.
    """
    engine, seen, seconds = prepared.engine, 0, 0.0
    began = time.perf_counter()
    for x, y in prepared.train.run(order, epoch):
        found = engine.add_piece(x, y, first=not seen)
        seen += len(y)
        if not found.finite:
            engine.drop_pieces()
            return WholeStep(found, seconds)
        seconds += time.perf_counter() - began
        yield Gathering(epoch, seen, len(order))
        began = time.perf_counter()
        if control.stopped:
            engine.drop_pieces()
            return None
    result = engine.update_from_pieces(rate, optimizer)
    return WholeStep(result, seconds + time.perf_counter() - began)
