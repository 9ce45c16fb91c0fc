"""Checks that every layer passes: shapes, gradients in float64, repeatability, settings, words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from core.errors import SettingError
from core.layers import LAYERS, make_layer
from core.layers.base import Array, Layer, Pass, Shape, ShapeError
from core.settings import settings_of

EPSILON = 1e-6
TOLERANCE = 1e-7


@dataclass(frozen=True)
class LayerCase:
    """A layer on inputs of these shapes; `seed` draws the numbers."""

    layer: Layer
    inputs: tuple[Shape, ...]
    output: Shape
    training: bool = True
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.layer.type}({self.layer.short()}){self.inputs}"


@dataclass(frozen=True)
class Fails:
    """A layer that must refuse these inputs, with this code and these words in its message."""

    layer: Layer
    inputs: tuple[Shape, ...]
    code: str
    words: str

    def __str__(self) -> str:
        return f"{self.layer.type}{self.inputs} fails"


def check_layer(case: LayerCase | Fails) -> None:
    """Run every common check on one case."""
    if isinstance(case, Fails):
        with pytest.raises(ShapeError) as caught:
            case.layer.output_shape(*case.inputs)
        assert caught.value.code == case.code
        assert case.words in caught.value.message + caught.value.formula
        return
    _check_shape(case)
    _check_gradients(case)
    _check_float32(case)
    _check_settings(case.layer)
    _check_words(case)


def draw(case: LayerCase, count: int = 3) -> tuple[dict[str, Array], list[Array]]:
    """Weights and inputs in float64, kept away from kinks at zero."""
    rng = np.random.default_rng(case.seed)
    specs = case.layer.arrays(*case.inputs)
    weights = {name: rng.normal(size=spec.shape) * 0.5 + (1.5 if spec.initial == "ones" else 0)
               for name, spec in specs.items()}
    if "running_var" in weights:
        weights["running_var"] = np.abs(weights["running_var"]) + 0.5
    inputs = [rng.normal(size=(count, *shape)) for shape in case.inputs]
    return weights, [np.where(np.abs(x) < 1e-3, 0.1, x) for x in inputs]


def _run(case: LayerCase, weights: dict[str, Array], inputs: Sequence[Array]):
    run = Pass(training=case.training, rng=np.random.default_rng(5))
    return case.layer.forward(weights, inputs, run)


def _check_shape(case: LayerCase) -> None:
    assert case.layer.output_shape(*case.inputs) == case.output
    weights, inputs = draw(case)
    first, _ = _run(case, weights, inputs)
    again, _ = _run(case, weights, inputs)
    assert first.shape[1:] == case.output
    np.testing.assert_array_equal(first, again)


def _check_gradients(case: LayerCase) -> None:
    """Compare backward with central differences of Σ y·r for a random r, entry by entry (at most 40 of each array)."""
    weights, inputs = draw(case)
    rng = np.random.default_rng(9)
    y, backward = _run(case, weights, inputs)
    r = rng.normal(size=y.shape)
    to_inputs, to_weights = backward(r)
    assert len(to_inputs) == len(inputs)
    trained = {name for name, spec in case.layer.arrays(*case.inputs).items() if spec.trained}
    assert set(to_weights) == trained
    pairs = [*zip(inputs, to_inputs, strict=True), *((weights[name], to_weights[name]) for name in trained)]
    for array, gradient in pairs:
        assert gradient.shape == array.shape
        scale = max(np.abs(gradient).max(), 1e-8)
        for place in rng.permutation(array.size)[:40]:
            numeric = _difference(case, weights, inputs, array, np.unravel_index(place, array.shape), r)
            assert abs(gradient[np.unravel_index(place, array.shape)] - numeric) / scale < TOLERANCE


def _difference(case, weights, inputs, array, place, r) -> float:
    old, values = array[place], []
    for step in (EPSILON, -EPSILON):
        array[place] = old + step
        values.append(float((_run(case, weights, inputs)[0] * r).sum()))
    array[place] = old
    return (values[0] - values[1]) / (2 * EPSILON)


def _check_float32(case: LayerCase) -> None:
    weights, inputs = draw(case)
    small = {name: array.astype(np.float32) for name, array in weights.items()}
    y, backward = _run(case, small, [x.astype(np.float32) for x in inputs])
    assert y.dtype == np.float32
    to_inputs, to_weights = backward(np.ones_like(y))
    assert all(array.dtype == np.float32 for array in (*to_inputs, *to_weights.values()))


def _check_settings(layer: Layer) -> None:
    assert make_layer(layer.type, layer.values()) == layer
    for name, declared in settings_of(layer).items():
        assert declared.label
        assert declared.help.endswith(".")
        for bad in declared.bad_values():
            with pytest.raises(SettingError) as caught:
                make_layer(layer.type, {**layer.values(), name: bad})
            assert declared.label in str(caught.value)


def _check_words(case: LayerCase) -> None:
    kind = LAYERS[case.layer.type]
    summary, _, rest = (kind.__doc__ or "").partition("\n\n")
    assert summary.endswith(".")
    assert rest.strip()
    assert len(case.layer.short()) <= 60
    trained = sum(spec.size for spec in case.layer.arrays(*case.inputs).values() if spec.trained)
    formula = case.layer.parameter_formula(*case.inputs)
    assert bool(formula) == bool(trained)
    if formula:
        arithmetic, _, result = formula.partition(" = ")
        assert result == f"{trained:,}"
        assert eval(arithmetic.replace("·", "*"), {"__builtins__": {}}) == trained  # the formula is ours
