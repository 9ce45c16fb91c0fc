"""Built-in networks, found by walking this folder: each file declares `TEMPLATES_HERE`."""

import difflib
import importlib
import pkgutil
from dataclasses import replace

from core.errors import UsageError
from core.graph.arrange import arrange
from core.project import Project
from core.templates.base import Template

TEMPLATES: dict[str, Template] = {}
for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    for _template in getattr(importlib.import_module(f"{__name__}.{_module}"), "TEMPLATES_HERE", ()):
        TEMPLATES[_template.name] = _template


def template(name: str) -> Project:
    """A new project from a template, laid out and with the template's own training defaults."""
    if name not in TEMPLATES:
        close = difflib.get_close_matches(name, TEMPLATES, 1)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(TEMPLATES)}."
        raise UsageError(f"There is no template {name!r}. {hint}")
    chosen = TEMPLATES[name]
    network = chosen.build()
    network = replace(network.move(arrange(network)), name=chosen.title)
    return Project(network=network, data=chosen.data, options=chosen.options)
