"""Numbers of a training in words: rates, remaining time, shares, losses, schedules, updates."""

from core.data.dataset import set_aside
from core.train.job import batch_size, updates_per_epoch
from core.train.options import TrainOptions
from core.train.schedule import rate_factor
from guibuilder.training.trouble import plain
from guibuilder.words import plural


def rate_words(pictures_per_second: float) -> str:
    """"62,000 pictures/s", to two significant digits."""
    if pictures_per_second <= 0:
        return ""
    rounded = float(f"{pictures_per_second:.2g}")
    return f"{rounded:,.0f} pictures/s" if rounded >= 1 else f"{rounded:.2g} pictures/s"


def time_words(seconds: float) -> str:
    """A duration as one would say it: "1 s", "45 s", "3 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(round(seconds / 600) * 10, 60)
    return f"{hours:,} h {rest} min" if rest else f"{hours:,} h"


def loss_words(loss: float | None) -> str:
    """A loss with three digits: "0.071"."""
    if loss is None:
        return "–"
    return f"{loss:.3f}" if abs(loss) < 100 else f"{loss:,.3g}"


def share_words(share: float | None) -> str:
    """A share as per cent: "97.9 %"; never rounded up to a perfect 100."""
    if share is None:
        return "–"
    percent = min(share * 100, 99.9) if share < 1 else 100.0
    return f"{percent:.1f} %" if percent < 100 else "100 %"


def schedule_words(options: TrainOptions) -> str:
    """What the learning rate will do, in a sentence or two."""
    start, epochs = number_words(options.learning_rate), plural(options.epochs, "epoch")
    last = number_words(options.learning_rate * rate_factor(options, options.epochs - 1))
    times = f"× {number_words(options.schedule_factor)}"
    if options.schedule == "linear":
        return f"Falls evenly from {start} to 0 over {epochs}."
    if options.schedule == "cosine":
        return f"Falls along half a cosine from {start} to 0 over {epochs}: slowly, then fast, then slowly."
    if options.schedule == "step":
        when = f"after every {plural(options.schedule_every, 'epoch')}" if options.schedule_every > 1 else (
            "after each epoch" if options.schedule_every else "after half of the epochs and again after three quarters")
        return f"Starts at {start}; {times} {when}. The last epoch has {last}."
    if options.schedule == "exponential":
        return (f"Starts at {start}; × {number_words(options.schedule_decay)} after each epoch. "
                f"The last epoch has {last}.")
    if options.schedule == "plateau":
        loss = "validation" if options.validation else "training"
        return (f"Stays at {start} while the {loss} loss falls. After {plural(options.schedule_patience, 'epoch')} "
                f"in a row without a better one: {times}, and so on.")
    return f"Stays at {start} for {epochs}."


def updates_words(options: TrainOptions, pictures: int | None) -> str:
    """"23 updates per epoch, each from 64 pictures"; `pictures` train or validate, where that is known."""
    if pictures is None:
        return {"batch": "1 update per epoch, from all pictures.", "stochastic": "One update for each picture."}.get(
            options.mode, f"One update for each {plural(options.batch_size, 'picture')}.")
    count = updates_per_epoch(options, pictures)
    train = pictures - set_aside(pictures, options.validation)
    each = batch_size(options, train)
    all_of_them = "all " if each == train > 1 else ""
    return f"{plural(count, 'update')} per epoch, each from {all_of_them}{plural(each, 'picture')}."


def number_words(number: float) -> str:
    """A rate with three digits at most, without an exponent where that is readable: "0.000125", "1.2e-09"."""
    return plain(float(f"{number:.3g}"))
