"""Names of layers as names in a program: letters, digits and underscores, each once, none that means something else.

Whatever a layer is called, nothing but such a name and `repr` of a text ever reaches the code.
"""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

LONGEST = 60
_TAKEN = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist)


def identifiers(names: Iterable[str], taken: Iterable[str] = (), *, lower: bool = False) -> dict[str, str]:
    """{name: identifier} in plain ASCII, all different and none of `taken`; "3×3 Faltung" becomes "layer_3_3_Faltung".

    With `lower` capital letters become small ones.
    """
    found: dict[str, str] = {}
    used = {*taken, *_TAKEN}
    for name in names:
        stem = plain_word(name.lower() if lower else name)
        identifier, number = stem, 2
        while identifier in used:
            identifier, number = f"{stem}_{number}", number + 1
        used.add(identifier)
        found[name] = identifier
    return found


def plain_word(text: str) -> str:
    """A text as one word that Python takes for a name."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "replace").decode("ascii")
    word = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:LONGEST]
    return word if word[:1].isalpha() else f"layer_{word}".rstrip("_")


def comment(text: str) -> str:
    """A text that is safe behind a #: one line of characters that can be seen."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
