"""What a layer looks like in PyTorch code: the module it keeps, how that is made, and the expression in `forward`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.export.layout import filled

NOTHING = object()
# What arguments of different names have in common, so that one name can stand for both.
CHANNELS = "channels"


@dataclass(frozen=True)
class Argument:
    """One argument of a constructor: its value, its keyword ("" = by place), and what PyTorch takes without it.

    `role` names the parameter of a block's class where the value differs from block to block; `kind` says which
    arguments may share such a parameter.
    """

    value: Any
    keyword: str = ""
    default: Any = NOTHING
    role: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Form:
    """A layer in PyTorch. `module` is empty where a plain expression does; `helper` names a class written out.

    In `expression` {own} is the module, {x} the first input, {all} all inputs parted by commas, {sum} their sum.
    `fuses` says that the expression may stand around that of the layer before, as in F.relu(self.conv(x)).
    """

    module: str = ""
    arguments: tuple[Argument, ...] = ()
    expression: str = "{own}({x})"
    helper: str = ""
    fuses: bool = False

    def text(self, own: str, inputs: Sequence[str]) -> str:
        """The expression with names filled in."""
        return filled(self.expression, {"own": own, "x": inputs[0] if inputs else "", "all": ", ".join(inputs),
                                        "sum": " + ".join(inputs)})


@dataclass(frozen=True)
class Written:
    """A value that is a piece of code already, such as the name of a parameter."""

    code: str


def literal(value: Any) -> str:
    """A value as Python writes it; nothing but numbers, truth values, texts and tuples of them."""
    if isinstance(value, Written):
        return value.code
    if isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, tuple):
        inner = ", ".join(literal(each) for each in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    raise TypeError(f"{type(value).__name__} is nothing that is written into code")


def pair(value: tuple[int, int]) -> int | tuple[int, int]:
    """One number where height and width are alike."""
    return value[0] if value[0] == value[1] else (int(value[0]), int(value[1]))
