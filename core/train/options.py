"""How to train: declared once, from which the form, the command line's options and the file follow."""

from dataclasses import dataclass
from typing import Any

from core.graph.initial import CHOICES, CONSTANT, How
from core.graph.output import LOSSES
from core.settings import check_all, setting, values_of

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")
SCHEDULES = ("constant", "linear", "cosine", "step", "exponential", "plateau")
MODES = ("batch", "mini-batch", "stochastic")
# A setting that means something only to some choices: the setting that it hangs on, and these choices.
HANGS_ON = {"momentum": ("optimizer", ("momentum", "nesterov")), "batch_size": ("mode", ("mini-batch",)),
            "schedule_factor": ("schedule", ("step", "plateau")), "schedule_every": ("schedule", ("step",)),
            "schedule_decay": ("schedule", ("exponential",)), "schedule_patience": ("schedule", ("plateau",))}


@dataclass(frozen=True)
class TrainOptions:
    """Everything that decides how a training runs, but for the network and the data."""

    epochs: int = setting(10, "Epochs", "How often the whole training set is gone through.", low=1, high=100_000)
    batch_size: int = setting(64, "Batch size", "How many pictures make one step.", low=1, high=65_536, unit="pictures")
    optimizer: str = setting("adam", "Optimizer", "How the weights follow the gradient.", choices=OPTIMIZERS)
    learning_rate: float = setting(0.001, "Learning rate", "How far each step goes (η).", low=1e-9, high=1e9)
    schedule: str = setting("constant", "Schedule", "How the learning rate changes over the training: it stays, falls "
                            "evenly (linear) or along a cosine to 0, in steps, by a share after each epoch "
                            "(exponential), or when the loss no longer falls (plateau).", choices=SCHEDULES)
    schedule_factor: float = setting(0.1, "Factor", "What step and plateau multiply the learning rate by each time.",
                                     low=1e-6, high=1.0)
    schedule_every: int = setting(0, "Every", "After how many epochs each step comes (step only); 0 = after half and "
                                  "three quarters of the training.", low=0, high=100_000, unit="epochs")
    schedule_decay: float = setting(0.9, "Decay", "What exponential multiplies the learning rate by after each epoch.",
                                    low=1e-6, high=1.0)
    schedule_patience: int = setting(3, "Waits", "After how many epochs without a better loss plateau lowers the rate; "
                                     "of validation, or of training where nothing validates.", low=1, high=100_000,
                                     unit="epochs")
    momentum: float = setting(0.9, "Momentum", "Share of the last step that goes on (momentum and nesterov only).",
                              low=0.0, high=0.9999)
    weight_decay: float = setting(0.0, "Weight decay", "Pulls all weights towards zero a little at each step.", low=0.0,
                                  high=10.0)
    loss: str = setting("cross-entropy", "Loss", "How wrong an answer is, as one number; of several outputs "
                      "this is the main one's.", choices=LOSSES)
    validation: float = setting(0.1, "Validation", "Share of the training pictures kept aside to measure on.", low=0.0,
                                high=0.9)
    mode: str = setting("mini-batch", "Descent", "How many pictures decide one step: all, a batch, or a single one.",
                        choices=MODES)
    clip: float = setting(0.0, "Clip gradients", "Longest gradient allowed over all weights; 0 = no limit.", low=0.0,
                          high=1e9)
    patience: int = setting(0, "Patience", "Stop after this many epochs without a better validation loss, and give "
                            "back the weights of the best epoch; 0 = never.", low=0, high=100_000, unit="epochs")
    init: str = setting("by-layer", "Initial values", "How the weights of all layers are drawn before training; "
                        "by-layer: as each layer says. Weights that are trained already stay.", choices=CHOICES)
    init_value: float = setting(CONSTANT, "Constant", "The value of all weights whose initial values are constant.",
                                low=-1e6, high=1e6)
    precise: bool = setting(False, "Precise", "Keep one more digit in 3×3 convolutions: every product is computed, "
                            "without Winograd's shortcut. That takes longer; networks learn just as well without it.")
    seed: int = setting(0, "Seed", "The same seed gives the same training, to the last bit.", low=0, high=2**31 - 1)

    def __post_init__(self) -> None:
        check_all(self)

    def values(self) -> dict[str, Any]:
        """The options as a file holds them."""
        return values_of(self)


def how_to_start(options: TrainOptions) -> How:
    """How the weights of a network with these options begin."""
    return How(options.init, options.init_value)


def why_idle(options: TrainOptions, name: str) -> str:
    """Why a setting means nothing among these options, in words for behind its name, or nothing where it does."""
    if name == "patience":
        return "" if options.validation else "means nothing without validation"
    other, choices = HANGS_ON.get(name, ("", ()))
    if not other or getattr(options, other) in choices:
        return ""
    return f"means nothing with {getattr(options, other)}; it is for {' and '.join(choices)}"
