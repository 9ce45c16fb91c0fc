"""Optimizers: one step on a stretch of the flat array that holds all weights, by PyTorch's formulas.

`rates` is a float32 array; each kernel names what is in it. `scale` shortens the gradient where it is clipped.
"""

import math

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import helper, kernel

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]


@helper
def square_sum(values: Floats, first: int, end: int) -> float:
    """Σ v² in double precision: finite exactly where every number is."""
    total = 0.0
    part = values[first:end]
    for index in range(part.size):
        wide = np.float64(part[index])
        total += wide * wide
    return total


@kernel
def square_sums(values: Floats, parts: Integers, sums: Doubles) -> None:
    """sums[p] = Σ v² over the part p, [first, end]."""
    for number in range(len(parts)):
        sums[number] = square_sum(values, parts[number, 0], parts[number, 1])


@kernel
def step_sgd(weights: Floats, gradient: Floats, rates: Floats, first: int, end: int) -> None:
    """w −= rate·g with g = scale·gradient + decay·w. rates: rate, decay, scale."""
    rate, decay, scale = rates[0], rates[1], rates[2]
    w, g = weights[first:end], gradient[first:end]
    for index in range(w.size):
        w[index] -= rate * (scale * g[index] + decay * w[index])


@kernel
def step_momentum(weights: Floats, gradient: Floats, velocity: Floats, rates: Floats, first: int, end: int) -> None:
    """v = momentum·v + g; w −= rate·v, or Nesterov's w −= rate·(g + momentum·v).

    rates: rate, decay, scale, momentum, 1 for Nesterov. The velocity starts at 0, which makes the first v = g.
    """
    rate, decay, scale, momentum, nesterov = rates[0], rates[1], rates[2], rates[3], rates[4]
    w, g, v = weights[first:end], gradient[first:end], velocity[first:end]
    for index in range(w.size):
        slope = scale * g[index] + decay * w[index]
        speed = momentum * v[index] + slope
        v[index] = speed
        ahead = slope + momentum * speed
        w[index] -= rate * (ahead if nesterov > 0 else speed)


@kernel
def step_adam(weights: Floats, gradient: Floats, mean: Floats, square: Floats, rates: Floats, first: int,
              end: int) -> None:
    """m = β₁m + (1 − β₁)g; v = β₂v + (1 − β₂)g²; w −= step·m / (√v / root + ε).

    rates: step = rate / (1 − β₁ᵗ), decay in the gradient, scale, β₁, β₂, ε, root = √(1 − β₂ᵗ), shrink = 1 − rate·decay
    of AdamW (1 for Adam).
    """
    step, decay, scale, beta1 = rates[0], rates[1], rates[2], rates[3]
    beta2, epsilon, root, shrink = rates[4], rates[5], rates[6], rates[7]
    one = np.float32(1)
    w, g, m, v = weights[first:end], gradient[first:end], mean[first:end], square[first:end]
    for index in range(w.size):
        slope = scale * g[index] + decay * w[index]
        first_moment = beta1 * m[index] + (one - beta1) * slope
        second_moment = beta2 * v[index] + (one - beta2) * slope * slope
        m[index] = first_moment
        v[index] = second_moment
        w[index] = shrink * w[index] - step * first_moment / (math.sqrt(second_moment) / root + epsilon)


@kernel
def step_rmsprop(weights: Floats, gradient: Floats, square: Floats, rates: Floats, first: int, end: int) -> None:
    """v = αv + (1 − α)g²; w −= rate·g / (√v + ε). rates: rate, decay, scale, α, ε."""
    rate, decay, scale, alpha, epsilon = rates[0], rates[1], rates[2], rates[3], rates[4]
    one = np.float32(1)
    w, g, v = weights[first:end], gradient[first:end], square[first:end]
    for index in range(w.size):
        slope = scale * g[index] + decay * w[index]
        mean = alpha * v[index] + (one - alpha) * slope * slope
        v[index] = mean
        w[index] -= rate * slope / (math.sqrt(mean) + epsilon)


@kernel
def step_adagrad(weights: Floats, gradient: Floats, square: Floats, rates: Floats, first: int, end: int) -> None:
    """v += g²; w −= rate·g / (√v + ε). rates: rate, decay, scale, ε."""
    rate, decay, scale, epsilon = rates[0], rates[1], rates[2], rates[3]
    w, g, v = weights[first:end], gradient[first:end], square[first:end]
    for index in range(w.size):
        slope = scale * g[index] + decay * w[index]
        total = v[index] + slope * slope
        v[index] = total
        w[index] -= rate * slope / (math.sqrt(total) + epsilon)
