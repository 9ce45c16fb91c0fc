"""Program text put together from pieces: imports collected, sorted and written once, the rest behind each other."""

import re
import sys
from dataclasses import dataclass

from core.resources import resource

_IMPORT = re.compile(r"^(import|from) +\S.*$")


@dataclass(frozen=True)
class Code:
    """A piece of program: its imports, one a line, and what follows them."""

    imports: tuple[str, ...]
    body: str

    @classmethod
    def read(cls, *parts: str) -> "Code":
        """A piece that travels with the program, below `resources/export`."""
        return code_of(resource("export", *parts).read_text("utf-8"))


def code_of(text: str) -> Code:
    """A piece from its text, whose imports stand at the beginning; those of PyTorch's names follow from their use."""
    lines = text.splitlines()
    imports = [line for line in lines if _IMPORT.match(line)]
    body = "\n".join(line for line in lines if not _IMPORT.match(line)).strip("\n")
    for pattern, line in ((r"\bmath\.", "import math"), (r"\btorch\.", "import torch"),
                          (r"\bF\.", "import torch.nn.functional as F"), (r"\bnn\.", "from torch import nn")):
        if re.search(pattern, body):
            imports.append(line)
    return Code(tuple(dict.fromkeys(imports)), body)


@dataclass(frozen=True)
class Pieces:
    """A whole file: a docstring, and pieces that are parted by two empty lines."""

    parts: tuple[Code, ...]
    about: str = ""

    def text(self) -> str:
        """The file's text; imports in the order that isort gives."""
        imports = {line for part in self.parts for line in part.imports}
        own = {line for line in imports if line.split()[1].partition(".")[0] == "model"}
        standard = {line for line in imports if line.split()[1].partition(".")[0] in sys.stdlib_module_names}
        groups = [sorted(group, key=_order) for group in (standard, imports - standard - own, own) if group]
        head = ([self.about, ""] if self.about else []) + "\n\n".join("\n".join(group) for group in groups).split("\n")
        gap = "\n\n\n" if self.parts[0].body.startswith(("class ", "def ", "@")) else "\n\n"
        return "\n".join(head) + gap + "\n\n\n".join(part.body for part in self.parts) + "\n"


def _order(line: str) -> tuple[bool, str]:
    return (line.startswith("from"), line)
