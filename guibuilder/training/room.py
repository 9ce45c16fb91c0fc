"""Whether a training will find room in memory, asked before anybody presses Train."""

from core.errors import MemoryRefused
from core.train.memory import available_bytes, check_memory, smaller_batch
from core.train.options import TrainOptions
from guibuilder.document import Document


def room(document: Document, pictures: int | None) -> tuple[str, int]:
    """What there is to say about the memory of a training, and a batch that would take less (0 = none).

    `pictures` is how many there are to train with, where that is known.
    """
    options, cost = document.project.options, document.cost
    batch = _batch(options, pictures)
    if not document.whole.runs or batch is None:
        return "", 0

    def needs(batch: int) -> int:
        return cost.memory_bytes(batch, options.optimizer)

    try:
        text = check_memory(needs, batch)
    except MemoryRefused as error:
        return error.message, error.batch
    free = available_bytes()
    return text, smaller_batch(needs, batch, free) if text and free is not None else 0


def _batch(options: TrainOptions, pictures: int | None) -> int | None:
    """How many pictures are held at once; None where the whole set makes a step, for that goes in small pieces."""
    if options.mode == "batch":
        return None
    if options.mode == "stochastic":
        return 1
    return options.batch_size if pictures is None else min(options.batch_size, pictures)
