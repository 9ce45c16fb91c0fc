"""What the panel says about a training that waits: where, how it goes on, or why it cannot go on exactly."""

from dataclasses import dataclass

from guibuilder.training.run import TrainingRun
from guibuilder.training.state import State
from guibuilder.training.trouble import Remedy
from guibuilder.training.waiting import NETWORK_CHANGED

REWIND = "Rewind to the initial weights"
REWIND_HELP = "Back to exactly the weights before the first epoch (R). Undo brings back what was learned."
FROM_WEIGHTS = "Go on from its weights"
FROM_WEIGHTS_HELP = "A new training that begins with what was learned; layers that changed begin anew."
TAKEN_BACK = "What was learned until this pause is no longer in the document. Train begins from what is shown."


@dataclass(frozen=True)
class Notice:
    """One sentence and what can be done about it."""

    severity: str
    text: str
    remedies: tuple[Remedy, ...] = ()
    closable: bool = True


def notice(run: TrainingRun) -> Notice | None:
    """What there is to say about going on, if anything."""
    if run.state is State.PAUSED and run.apart:
        if not run.stale:
            return Notice("info", TAKEN_BACK, closable=False)
        return Notice("warning", NETWORK_CHANGED, _ways(run), closable=False)
    if run.active:
        return _anew(run.why_anew) if run.why_anew else None
    waiting = run.waiting if run.state is not State.FINISHED else None
    if waiting is None:
        return None
    if waiting.hindrance:
        return Notice("warning", waiting.hindrance, _ways(run), closable=False)
    go_on = Remedy(f"Go on with {waiting.next}", run.start, "Exactly as if there had been no pause (Space)")
    return Notice("info", f"This training waits {waiting.done}.", (go_on, *rewinding(run)))


def rewinding(run: TrainingRun) -> tuple[Remedy, ...]:
    """The way back, where there is one."""
    return (Remedy(REWIND, run.rewind, REWIND_HELP),) if run.rewinds else ()


def _ways(run: TrainingRun) -> tuple[Remedy, ...]:
    act = run.resume if run.state is State.PAUSED else run.start
    return (Remedy(FROM_WEIGHTS, act, FROM_WEIGHTS_HELP), *rewinding(run))


def _anew(why: str) -> Notice:
    """Said while it runs: why the training is another one than before."""
    return Notice("info", f"{why.partition(':')[0]}, so this is a new training that began with its weights.")
