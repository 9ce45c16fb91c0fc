"""What the window watches."""

from dataclasses import dataclass

from core.worker.messages import Watch


@dataclass
class Watching:
    """The one Watch that is in force, shared by the worker's loop and the training that runs."""

    current: Watch | None = None
    changed: bool = False

    def take(self, watch: Watch | None) -> None:
        """Watch this from now on."""
        self.current, self.changed = watch, True
