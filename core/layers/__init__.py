"""All layers, found by walking this folder: a new file here is a new layer in the palette."""

import importlib
import pkgutil
from typing import Any

from core.errors import SettingError
from core.layers.base import Layer
from core.settings import settings_of

# What is needed most comes first wherever layers are listed.
_COMMON = ("Input", "Conv2D", "MaxPool2D", "AveragePool2D", "GlobalAveragePool2D", "Dense", "Flatten", "ReLU",
           "LeakyReLU", "Sigmoid", "Tanh", "Softmax", "BatchNorm", "Dropout", "Add", "Concatenate")

_found: dict[str, type[Layer]] = {}
for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    for _value in vars(importlib.import_module(f"{__name__}.{_module}")).values():
        if isinstance(_value, type) and issubclass(_value, Layer) and _value.family:
            _found[_value.__name__] = _value
LAYERS = {name: _found[name] for name in (*_COMMON, *_found)}


def make_layer(kind: str, settings: dict[str, Any]) -> Layer:
    """A layer by its type name. Raises SettingError for a setting that it does not have or a value out of limits."""
    known = settings_of(LAYERS[kind])
    for name in settings:
        if name not in known:
            raise SettingError(f"{kind} has no setting {name!r}; it has {', '.join(known)}.")
    return LAYERS[kind](**settings)
