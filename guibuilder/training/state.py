"""Where a run is, in states and in numbers, and when one run can go on from another."""

from dataclasses import dataclass
from enum import StrEnum

from core.graph.expand import never_grouped
from core.graph.network import Network


class State(StrEnum):
    """Where a run is."""

    IDLE = "idle"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"


ACTIVE = (State.PREPARING, State.RUNNING, State.PAUSED)


@dataclass
class Place:
    """How far a run is; epochs count from the document's first one.

    `part` is the share of the present step that is done, where a step takes long; `rate` its learning rate.
    """

    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    first_epoch: int = 1
    train: int = 0
    test: int = 0
    pictures_per_second: float = 0.0
    part: float = 0.0
    rate: float | None = None

    @property
    def share(self) -> float:
        """The share of this run that is done, 0 to 1."""
        whole = self.epochs - self.first_epoch + 1
        done = max(self.epoch - self.first_epoch, 0) + (self.batch + self.part) / max(1, self.batches)
        return min(1.0, done / whole) if whole > 0 and self.epoch else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time to the end at the present rate."""
        left = (1 - self.share) * (self.epochs - self.first_epoch + 1) * self.train
        return left / self.pictures_per_second if self.pictures_per_second > 0 else None


def same_arithmetic(one: Network, other: Network) -> bool:
    """Whether two drawings compute the same: layers and wires alike, names and places do not matter."""
    if one is other:
        return True
    one, other = never_grouped(one), never_grouped(other)
    return (set(one.edges) == set(other.edges) and one.nodes.keys() == other.nodes.keys()
            and all(node.layer == other.nodes[key].layer for key, node in one.nodes.items()))
