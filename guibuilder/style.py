"""The style sheet of the window, filled in with a theme's colours and the chosen text size."""

import re
from collections.abc import Mapping
from functools import cache

from core.resources import resource

_TOKEN = re.compile(r"@(\w+)|(\d+)sp\b")


@cache
def _template() -> str:
    return resource("style", "window.qss").read_text(encoding="utf-8")


def style_sheet(colours: Mapping[str, str], scale: float = 1.0) -> str:
    """The style sheet with `@name` replaced by colours and `12sp` by pixels times `scale`."""

    def fill(found: re.Match[str]) -> str:
        if found[1]:
            return colours[found[1]]
        return f"{round(int(found[2]) * scale)}px"

    return _TOKEN.sub(fill, _template())
