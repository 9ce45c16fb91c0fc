"""Losses with their gradients, one picture after another; targets are rows of numbers, one-hot for classes."""

import math

import numpy as np
from numpy.typing import NDArray

from core.kernels.curves import EXP_LIMIT, exponential
from core.kernels.jit import kernel

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@kernel
def softmax_cross_entropy(scores: Floats, targets: Floats, gradient: Floats, losses: Doubles, share: np.float32,
                          first: int, end: int) -> None:
    """losses[n] = −Σ t·ln p, p = softmax of scores; gradient = (p·Σt − t)·share. Arrays are N×K.

    The largest score is subtracted first, so nothing overflows (lecture topic 1.3).
    """
    classes = scores.shape[1]
    for picture in range(first, end):
        largest = scores[picture, 0]
        for number in range(1, classes):
            if not scores[picture, number] <= largest:
                largest = scores[picture, number]
        total, weight, match = np.float32(0), np.float32(0), 0.0
        for number in range(classes):
            raised = np.float32(math.exp(scores[picture, number] - largest))
            gradient[picture, number] = raised
            total += raised
            target = targets[picture, number]
            if target != 0:
                weight += target
                match += target * (scores[picture, number] - largest)
        losses[picture] = weight * math.log(total) - match
        scale = weight * share / total
        for number in range(classes):
            gradient[picture, number] = gradient[picture, number] * scale - targets[picture, number] * share


@kernel
def mark_classes(labels: NDArray[np.int64], targets: Floats) -> bool:
    """Make rows of `targets` that are 1 at the label and 0 elsewhere; false where a label is no column."""
    fitting = True
    for picture in range(labels.size):
        label, row = labels[picture], targets[picture]
        row[:] = np.float32(0)
        if 0 <= label < row.size:
            row[label] = np.float32(1)
        else:
            fitting = False
    return fitting


@kernel
def squared_error(outputs: Floats, targets: Floats, gradient: Floats, losses: Doubles, factor: np.float32,
                  share: np.float32, first: int, end: int) -> None:
    """losses[n] = factor/2 · Σ (y − t)²; gradient = factor·(y − t)·share. Arrays are N×K.

    factor 1 is the sum of squares, 2/K the mean of squares.
    """
    classes = outputs.shape[1]
    for picture in range(first, end):
        loss = 0.0
        for number in range(classes):
            difference = outputs[picture, number] - targets[picture, number]
            gradient[picture, number] = factor * difference * share
            loss += difference * difference
        losses[picture] = 0.5 * factor * loss


@kernel
def count_correct(outputs: Floats, targets: Floats, first: int, end: int) -> int:
    """How many pictures have their largest output where the target is largest; the first of equals counts."""
    correct = 0
    for picture in range(first, end):
        best, wanted = 0, 0
        for number in range(1, outputs.shape[1]):
            if outputs[picture, number] > outputs[picture, best]:
                best = number
            if targets[picture, number] > targets[picture, wanted]:
                wanted = number
        correct += best == wanted
    return correct


@kernel
def softmax_rows(scores: Floats, outputs: Floats, first: int, end: int) -> None:
    """outputs = softmax of each row of scores; N×K. The exponentials of all rows are taken in one run."""
    classes = scores.shape[1]
    for picture in range(first, end):
        row, made = scores[picture], outputs[picture]
        largest = row[0]
        for number in range(1, classes):
            if not row[number] <= largest:
                largest = row[number]
        for number in range(classes):
            made[number] = row[number] - largest
    raised = outputs.reshape(-1)[first * classes:end * classes]
    for index in range(raised.size):
        x = raised[index]
        y = exponential(max(x, -EXP_LIMIT))
        raised[index] = y if x == x else x
    for picture in range(first, end):
        made = outputs[picture]
        total = np.float32(0)
        for number in range(classes):
            total += made[number]
        for number in range(classes):
            made[number] /= total


@kernel
def softmax_rows_gradient(gradient: Floats, outputs: Floats, target: Floats, first: int, end: int) -> None:
    """target = y·(dy − Σ dy·y) for each row; N×K."""
    for picture in range(first, end):
        product = np.float32(0)
        for number in range(outputs.shape[1]):
            product += gradient[picture, number] * outputs[picture, number]
        for number in range(outputs.shape[1]):
            target[picture, number] = outputs[picture, number] * (gradient[picture, number] - product)
