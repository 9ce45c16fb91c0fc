"""What a training hands to the document: one step of undo for each run, and what outlives a crash in between."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.layers.base import Array
from core.project import Project, beginning_of
from core.train.events import Finished
from core.worker.messages import Checkpoint
from guibuilder.document import Document
from guibuilder.training.history import Figures
from guibuilder.words import plural


class Keeping:
    """Brings what one run after the other learned into the document.

    `start` is the project that the present run began with, `checkpoint` the latest the worker sent of it.
    """

    def __init__(self, document: Document, figures: Figures) -> None:
        self._document, self._figures = document, figures
        self.start: Project | None = None
        self.classes: tuple[str, ...] = ()
        self.checkpoint: Checkpoint | None = None
        self._taken: Checkpoint | None = None
        self._snapshot: tuple[Checkpoint, Project, Project] | None = None

    def begin(self, project: Project) -> None:
        """A run begins with this project."""
        self.start, self.checkpoint, self._taken, self._snapshot = project, None, None, None
        self.classes = ()

    def take(self, learned: Finished | Checkpoint, first_epoch: int, run: int) -> None:
        """The document as it is at a pause or at the end; all of one run are one step of undo."""
        epochs = len([epoch for epoch in self._figures.epochs if epoch.epoch >= first_epoch])
        title = f"Train {plural(epochs, 'epoch')}" if epochs else "Train some batches"
        self._edit(title, self._parts(learned.weights, learned.state, learned.progress), f"training {run}")
        self._taken = learned if isinstance(learned, Checkpoint) else None
        if self._taken is None:
            self.checkpoint = self._snapshot = None

    def take_weights(self, title: str, weights: Mapping[str, Array]) -> None:
        """Weights from which no training goes on exactly: the last good ones of one that failed."""
        self._edit(title, self._parts(weights, {}, {}))

    def take_checkpoint(self, offset: int) -> str:
        """The worker is gone: take what it sent last; gives what there is to say about it."""
        kept = self.checkpoint
        if kept is None:
            return ""
        whole = kept.epoch + offset
        self._figures.epochs = [epoch for epoch in self._figures.epochs if epoch.epoch <= whole]
        if not self.in_document:
            self._edit("Keep what was trained so far", self._parts(kept.weights, kept.state, kept.progress))
        batch = kept.progress.get("batch", 0)
        where = f"epoch {whole + 1:,}, batch {batch:,}" if batch else f"epoch {max(whole, 1):,}"
        return f"What was learned up to {where} is kept."

    @property
    def in_document(self) -> bool:
        """Whether the document holds what the worker has, which waits."""
        return self._taken is not None and self._taken is self.checkpoint and (
            self._document.project.progress is self._taken.progress)

    @property
    def undone(self) -> bool:
        """Whether the document held the pause once, and was taken back, or over, to something else."""
        return self._taken is not None and self._document.project.progress is not self._taken.progress

    def snapshot(self) -> Project:
        """The document with the latest checkpoint in it: what a copy for recovery should hold while a training runs."""
        kept, project = self.checkpoint, self._document.project
        if kept is None or self._taken is kept:
            return project
        if self._snapshot is None or self._snapshot[0] is not kept or self._snapshot[1] is not project:
            parts = self._parts(kept.weights, kept.state, kept.progress)
            self._snapshot = (kept, project, replace(project, **parts))
        return self._snapshot[2]

    def _parts(self, weights: Mapping[str, Array], state: Mapping[str, Array],
               progress: Mapping[str, Any]) -> dict[str, Any]:
        """What changes in the document; arrays of layers renamed meanwhile are renamed with them."""
        start = self.start or self._document.project
        trained = replace(start, weights=weights, state=state, progress=progress,
                          beginning=beginning_of(start)).with_network(self._document.project.network)
        return {"weights": trained.weights, "state": trained.state, "progress": trained.progress,
                "beginning": trained.beginning, "history": tuple(self._figures.epochs),
                "classes": self.classes or trained.classes}

    def _edit(self, title: str, parts: dict[str, Any], merge: str | None = None) -> None:
        if self.start is not None:
            self._document.edit(title, merge=merge, **parts)
