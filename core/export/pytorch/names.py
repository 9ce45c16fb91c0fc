"""Names as people write them in PyTorch: layers in small_letters, classes in CapitalLetters."""

import builtins
import keyword
import re
from collections.abc import Iterable, Sequence

from core.export.names import identifiers, plain_word

# What nn.Module, and the code around, use themselves.
_MODULE = """
    F add_module apply bfloat16 buffers call_super_init children compile cpu cuda dim double eval extra_repr float
    forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict math modules mtia
    named_buffers named_children named_modules named_parameters nn parameters register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ scores self set_extra_state set_submodule
    share_memory state_dict super to to_empty torch train training type x xpu zero_grad t_destination dump_patches
"""
TAKEN = frozenset(_MODULE.split())
# What model.py and train.py call things.
_CLASSES = frozenset("""
    F HERE CONFIG DATA OPTIONS OUTPUTS ENDINGS Augment BatchSampler Counter DataLoader Dataset DistributedDataParallel
    DistributedSampler Image Path Pictures Prepare Processes
""".split())  # noqa: SIM905
_FRONT = {"Conv2D": "conv", "Dense": "fc", "BatchNorm": "norm", "MaxPool2D": "pool", "AveragePool2D": "pool"}
_WORDS = (("ReLU", "Relu"), ("ELU", "Elu"), ("2D", "2d"))


def small(name: str) -> str:
    """A layer's name in small letters: "AuxDense" becomes aux_dense, "C1" c1, "PReLU" prelu."""
    for found, made in _WORDS:
        name = name.replace(found, made)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return name.replace("p_relu", "prelu").lower()


def attribute(name: str, used: Iterable[str] = (), kind: str = "") -> str:
    """A layer's name as an attribute that no module has already, and none of the `used` ones.

    `kind` is the layer's type; its beginning stands in front of a name that begins with a digit: "3x3" is conv3x3.
    """
    name = name.replace("×", "x").strip()
    if name[:1].isdigit() and kind:
        name = _FRONT.get(kind, kind) + name
    stem = plain_word(small(name))
    return identifiers([stem], {*TAKEN, *used}, lower=True)[stem]


def class_name(title: str, fallback: str = "Network") -> str:
    """A title as the name of a class: "LeNet-5" becomes LeNet5, "small vgg" SmallVgg.

    What means something else in the programs around becomes another name: "None" is NoneNet.
    """
    pieces = re.findall(r"[A-Za-z0-9]+", title)
    word = "".join(piece[:1].upper() + piece[1:] for piece in pieces)[:40]
    word = word if word[:1].isalpha() else fallback
    return f"{word}Net" if keyword.iskeyword(word) or word in _CLASSES or hasattr(builtins, word) else word


def common_title(names: Sequence[str]) -> str:
    """How the names of blocks begin, in CapitalLetters: "Head" for Head4a and Head4d; "" where that says little."""
    first, last = min(words := [class_name(name, "") for name in names]), max(words)
    same = next((place for place, letter in enumerate(first) if last[place:place + 1] != letter), len(first))
    stem = first[:same].rstrip("0123456789")
    return stem if len(stem) > 3 else ""
