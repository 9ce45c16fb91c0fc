"""What was decided about a last layer: whether it is the main output, how much its loss counts, and which loss."""

from dataclasses import dataclass
from typing import Any

from core.settings import check_all, setting, values_of

LOSSES = ("cross-entropy", "sum-of-squares", "mean-squares")
MAIN, AUXILIARY = "main", "auxiliary"
ROLES = (MAIN, AUXILIARY)
SAME = "same"
# GoogLeNet counts its two auxiliary classifiers with this weight (Szegedy et al., 2014; lecture topic 5.5).
AUXILIARY_WEIGHT = 0.3


@dataclass(frozen=True)
class Output:
    """The part of one last layer in the loss, which is the sum over all outputs of weight · loss.

    A node carries it (None = nothing was decided, see `core.graph.goals`). The main output's loss is the one that the
    training names; "same" stands for it.
    """

    role: str = setting(AUXILIARY, "Role", "Predictions and accuracy are those of the main output; auxiliary ones only "
                        "help it to learn.", choices=ROLES)
    weight: float = setting(AUXILIARY_WEIGHT, "Loss weight", "How much the loss of this output counts in the whole; 0 "
                            "leaves it out.", low=0.0, high=1e6)
    loss: str = setting(SAME, "Loss", "How wrong this output is, as one number; “same” is the main output's loss.",
                        choices=(SAME, *LOSSES))

    def __post_init__(self) -> None:
        check_all(self)

    def values(self) -> dict[str, Any]:
        """The decisions as a file holds them."""
        return values_of(self)
