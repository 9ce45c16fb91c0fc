"""A training that waits in the document, perhaps since another session: where it stands, and whether it goes on."""

from dataclasses import dataclass
from typing import Any

from core.errors import TrainingError
from core.project import Project, fitting
from core.train.progress import GO_ON, changed, read_progress
from guibuilder.document import Document

NETWORK_CHANGED = f"The network has changed since this training was paused: {GO_ON}."


@dataclass(frozen=True)
class Waiting:
    """Where a training waits; `hindrance` says in a sentence why it cannot go on exactly, "" where it can."""

    epoch: int
    batch: int
    batches: int
    hindrance: str = ""

    @property
    def next(self) -> str:
        """What comes next: "epoch 3, batch 120 of 844"."""
        return f"epoch {self.epoch:,}" + (f", batch {self.batch + 1:,} of {self.batches:,}" if self._within else "")

    @property
    def done(self) -> str:
        """Where it stands: "in epoch 3, after batch 119 of 844"."""
        return f"in epoch {self.epoch:,}, after batch {self.batch:,} of {self.batches:,}" if self._within else \
            f"before epoch {self.epoch:,}"

    @property
    def _within(self) -> bool:
        return 0 < self.batch < self.batches


class Waits:
    """Looks at a document for a training that waits, once for each of its states."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: tuple[Any, ...] = ()
        self._found: Waiting | None = None

    @property
    def found(self) -> Waiting | None:
        """The training that waits; None where none was begun, or all its epochs are done."""
        project = self._document.project
        seen = (project.progress, project.network, project.options, project.data, project.weights, project.history)
        if len(seen) != len(self._seen) or any(one is not other for one, other in zip(seen, self._seen, strict=True)):
            self._seen, self._found = seen, self._look(project)
        return self._found

    def _look(self, project: Project) -> Waiting | None:
        if "epoch" not in project.progress:
            return None
        try:
            known = read_progress(project.progress)
            hindrance, _ = changed(project)
        except TrainingError:
            return None
        begun = known.epoch > 1 or known.pictures > 0 or known.batch > 0
        if not begun or known.epoch > project.options.epochs or _ended(project):
            return None
        before = project.history[-1].epoch - known.epoch + 1 if project.history else 0
        if not hindrance and not self._fits(project):
            hindrance = NETWORK_CHANGED
        return Waiting(known.epoch + max(before, 0), known.batch, known.batches, hindrance)

    def _fits(self, project: Project) -> bool:
        """Whether every array that the network needs is there."""
        inference = self._document.whole
        flat = inference.flat
        needed = sum(len(flat.network.nodes[key].layer.arrays(*gets)) for key, gets in flat.inputs.items()
                     if flat.shapes.get(key) is not None)
        return len(fitting(project.network, project.weights, inference)) == needed


def _ended(project: Project) -> bool:
    """Whether the training ended early, after too many epochs without gain."""
    patience = project.progress.get("patience")
    waited = patience.get("waited", 0) if isinstance(patience, dict) else 0
    return bool(project.options.patience) and isinstance(waited, int) and waited >= project.options.patience
