"""Which kernel each layer runs on, why, and what that kernel does, from the drawing alone: nothing is run."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from core.engine.choice import Choice, choose
from core.engine.flow import Flow, Task, make_flow
from core.engine.fusion import fused
from core.engine.plan import stays_in_place
from core.engine.siblings import with_siblings
from core.graph.expand import expanded
from core.graph.network import Network
from core.kernels.processor import LANES, TILE

_TILES = (f"The kernel keeps a tile of {TILE.rows} × {2 * LANES} sums in the processor's registers while it walks once "
          f"over what is summed; each instruction multiplies and adds {LANES} numbers.")
_WINDOWS = "It walks over the windows and treats the channels of a pixel together, for they lie side by side in memory."
_NUMBERS = f"It walks over the numbers once, {LANES} at a time; what it costs is the way to memory and back."
_CHANCE = ("Each random number follows from the seed, the step, the layer's name and its place alone, so it is drawn "
           "again on the way back instead of being kept.")

# What each kernel does, in words for a student, by the names that `choice` uses.
ABOUT: Mapping[str, str] = {
    "winograd": "Winograd's way: a block of 4×4 outputs comes from a patch of 6×6 inputs. Patch and filter are first "
                "added up in fixed patterns; then 36 products do what takes 144 by the definition, and a last pattern "
                "of sums gives the outputs. They are the same but for rounding in about the sixth digit.",
    "convolution": f"Every output is its sum of products, as the definition says. {_TILES}",
    "dots": "Every output is its sum of products, as the definition says. The numbers under a row of a filter are "
            "multiplied vector by vector, and a vector's lanes are added up at the end.",
    "regions": "Every output is its sum of products, as the definition says. Outputs whose windows reach over the "
               "edge by the same pixels are done together, so that no frame of zeros is copied around the "
               f"picture; on the way back each pixel gathers what the outputs that saw it send. {_TILES}",
    "pointwise": f"A matrix product: one row for each pixel that it sees, one column for each filter. {_TILES}",
    "abreast": f"Winograd's way for 5×5: a block of 2×2 outputs comes from a patch of 6×6 inputs. Patch and filter are "
               "first added up in fixed patterns; then 36 products do what takes 100 by the definition, and a last "
               "pattern of sums gives the outputs, the same but for rounding in about the sixth digit. Each of the "
               f"{LANES} numbers that an instruction works on belongs to another picture, so none is idle however few "
               f"channels there are; batches of fewer than {LANES} pictures take register tiles.",
    "split": "The picture is first copied apart: the channels of each group, or the pixels that a dilated filter "
             "looks at, so that they lie side by side. Then each part is an ordinary convolution in register tiles.",
    "lanewise": f"Each instruction works on {LANES} neighbouring channels of a pixel at once, each with its own "
                "filter; nothing is shared between them that a register tile could use again.",
    "dense": f"Every output is its sum of products, as the definition says. {_TILES} Where many weights answer "
             "for several pictures, they are first copied into the order in which the tiles read them, once for each "
             "change.",
    "maxout": f"All pieces are one product of matrices. {_TILES}",
    "flatten": "The engine keeps the channels of a pixel side by side. Flatten brings the numbers into the order "
               "channel, row, column.",
    "reshape": "The numbers stay the same and are copied in the order that the new shape reads them.",
    "max-pool": f"{_WINDOWS} It remembers where each largest number lay, for the way back.",
    "average-pool": _WINDOWS, "length-pool": _WINDOWS, "weighted-pool": _WINDOWS,
    "dropout": _CHANCE, "noisy": _CHANCE, "random-slope": _CHANCE,
    "activation": _NUMBERS, "learned-slope": _NUMBERS, "hinges": _NUMBERS, "scale": _NUMBERS, "add": _NUMBERS,
    "global-average": _NUMBERS, "channel-pool": _NUMBERS, "neighbours": _NUMBERS,
    "concatenate": "Each input is copied to its place among the channels.",
    "pad": "The picture is copied into the middle of a frame; the frame itself is filled once and stays.",
    "softmax": "For each picture: the largest score is taken off, so that nothing overflows, then exponentials are "
               "divided by their sum.",
    "batch-norm": "In training it needs two looks: one for mean and variance over the whole batch, one to shift and "
                  "scale. Without training both are known, and it is a factor and a shift per channel.",
    "definition": "The NumPy formula that defines the layer runs on the whole batch. It is always right, and slow.",
    "loss": "Cross-entropy of Softmax has the gradient probability − target. Computed together no logarithm of a "
            "probability near 0 is ever taken.",
    "none": "It costs no time.",
}
# What people read instead of the name, where that is a word of this program's own.
TITLES: Mapping[str, str] = {
    "winograd": "Winograd 3×3", "abreast": "Winograd 5×5", "convolution": "direct convolution",
    "regions": "direct convolution with a stride", "pointwise": "1×1 convolution", "split": "convolution in parts",
    "dots": "convolution by dot products",
    "lanewise": "convolution channel by channel", "dense": "matrix product", "maxout": "maxout",
    "flatten": "reordering", "reshape": "reordering", "max-pool": "max pooling", "average-pool": "average pooling",
    "length-pool": "L2 pooling", "weighted-pool": "weighted pooling", "channel-pool": "channel pooling",
    "global-average": "global average", "dropout": "dropout", "noisy": "noise", "random-slope": "random slope",
    "activation": "activation", "learned-slope": "learned slope", "hinges": "learned hinges",
    "scale": "scale and shift", "add": "addition", "neighbours": "response normalisation",
    "concatenate": "concatenation", "pad": "padding", "softmax": "softmax", "batch-norm": "batch normalisation",
    "definition": "NumPy definition", "loss": "Softmax in the loss", "none": "nothing to do",
}
_IN_PLACE = Choice("none", "the numbers already lie in an order that the next layer can read")
_NOTHING = Choice("none", "it hands on what it gets")
_WITH_LOSS = Choice("loss", "Softmax and cross-entropy are one formula; apart they only run where outputs are wanted")


@dataclass(frozen=True)
class Use:
    """How one layer is computed; `together` names all layers of the same step, the one that decides first.

    `kernel` is the name of a step, `title` the same for people.
    """

    kernel: str
    title: str
    reason: str
    about: str
    together: tuple[str, ...]


def uses(network: Network, loss: str = "cross-entropy", precise: bool = False) -> dict[str, Use]:
    """For each layer but Inputs, by its name in the expanded network; NetworkError where the network cannot run."""
    whole = make_flow(network, join_softmax=True, loss=loss, precise=precise)
    makers = {task.output: task for task in whole.tasks}
    flow, found = fused(whole), {}
    kept = {task.output for task in flow.tasks}
    choices = with_siblings(flow, {task.name: _choice(flow, task) for task in flow.tasks})
    for task in flow.tasks:
        names = _members(task, makers, kept)
        found.update({name: _use(choices[task.name], names) for name in names})
    for node in expanded(network).nodes.values():
        if node.name not in found and node.layer.ports[1]:
            softmax = node.type == "Softmax" and not node.layer.bypassed
            found[node.name] = _use(_WITH_LOSS if softmax else _NOTHING, (node.name,))
    return found


def _use(choice: Choice, together: tuple[str, ...]) -> Use:
    return Use(choice.kernel, TITLES[choice.kernel], choice.reason, ABOUT.get(choice.kernel, ""), together)


def _members(task: Task, makers: Mapping[str, Task], kept: Container[str]) -> tuple[str, ...]:
    """The names of the layers that run as this task, the first one first: what is between them is not `kept`."""
    names, now = [], makers[task.output]
    while now.id != task.id:
        names.append(now.name)
        now = makers[next(each for each in now.inputs if each in makers and each not in kept)]
    return (now.name, *reversed(names))


def _choice(flow: Flow, task: Task) -> Choice:
    """As the plan has it."""
    choice = choose(task)
    return _IN_PLACE if choice.kernel in ("flatten", "reshape") and stays_in_place(flow, task) else choice
