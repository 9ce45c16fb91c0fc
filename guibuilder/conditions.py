"""When actions can be done: each takes the window and gives the reason why not, or nothing."""

from typing import Any

from core.graph.block import Block


def selected(w: Any) -> str:
    """A layer must be selected."""
    return "" if w.selection.ids else "Select a layer first."


def one_selected(w: Any) -> str:
    """Exactly one layer must be selected."""
    return "" if w.selection.only else "Select one layer first."


def block_selected(w: Any) -> str:
    """A block must be selected."""
    nodes = w.document.network.nodes
    return "" if any(isinstance(nodes[key].layer, Block) for key in w.selection.ids) else "Select a block first."


def one_block(w: Any) -> str:
    """Exactly one layer must be selected, and it must be a block."""
    return block_selected(w) if w.selection.only else "Select one block first."


def in_block(w: Any) -> str:
    """A block must be open."""
    return "" if w.document.path else "No block is open."


def drawn(w: Any) -> str:
    """There must be layers."""
    return "" if w.document.project.network.nodes else "The network is empty."


def undoable(w: Any) -> str:
    """There must be something to take back."""
    return "" if w.document.undo_stack.canUndo() else "Nothing to undo."


def redoable(w: Any) -> str:
    """There must be something to do again."""
    return "" if w.document.undo_stack.canRedo() else "Nothing to redo."


def faulty(w: Any) -> str:
    """There must be a problem."""
    return "" if w.document.whole.problems else "There are no problems."


def fixable(w: Any) -> str:
    """There must be a problem with a layer."""
    return "" if any(problem.node for problem in w.document.whole.problems) else "There is nothing to fix."


def runs(w: Any) -> str:
    """The network must be able to run."""
    errors = w.document.whole.errors
    return errors[0].message if errors else ""


def idle(w: Any) -> str:
    """The network must be able to run, and no training may be going on, but for one that waits."""
    if w.run.active:
        return "" if w.paused else "The training runs already."
    return runs(w)


def active(w: Any) -> str:
    """A training must be going on."""
    return "" if w.run.active else "No training is going on."


def steppable(w: Any) -> str:
    """The network must be able to run, and the training not just starting."""
    if w.preparing:
        return "The training is being prepared."
    return "" if w.run.active else runs(w)


def trained(w: Any) -> str:
    """There must be trained weights, and no training may be going on."""
    if w.run.active:
        return "Stop the training first."
    return "" if w.document.project.weights else "Nothing is trained yet."


def rewindable(w: Any) -> str:
    """Something must have been learned since a beginning that is known, and no training may be running."""
    if w.run.rewinds:
        return ""
    return "Pause the training first." if w.run.active and not w.paused else "Nothing was learned yet."


def searched(w: Any) -> str:
    """Something must have been looked for."""
    return "" if w.found else "Find something first (Ctrl+F)."


def saved_state(w: Any) -> str:
    """There must be something to save."""
    return "" if w.files.dirty or w.files.path is None else "Everything is saved."
