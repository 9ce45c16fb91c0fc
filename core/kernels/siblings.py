"""A convolution with a stride and a 1×1 beside it: while it works on a picture, the 1×1 finds that picture near."""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel
from core.kernels.pointwise import multiply_pixels
from core.kernels.regions import multiply_regions
from core.kernels.vector_steps import fetch_to_read, fetch_to_write

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
# Filters in panels, what is made, bias.
Convolved = tuple[Floats, Floats, Floats]


@kernel
def convolve_siblings(x: Floats, large: Convolved, places: Integers, regions: Integers, sizes: Integers,
                      small: Convolved, rows: Integers, seen: Integers, floors: tuple[np.float32, np.float32],
                      first: int, end: int) -> None:
    """Pictures `first` to `end`, a few at a time: what `convolve_regions` makes of them, then the 1×1.

    places, regions and sizes as there; rows: where the pixels that the 1×1 sees of a picture lie in x and in what it
    makes, as for `pointwise`; seen: how many, their channels, its filters.
    """
    (filters, out, bias), (block, x_numbers, out_numbers, step, columns) = large, sizes[:5]
    pixels, channels, count = seen[:3]
    numbers, ready = pixels * count, min(block, end - first)
    fetch_to_read(x, first * x_numbers, ready * x_numbers)
    fetch_to_write(out, first * out_numbers, ready * out_numbers)
    fetch_to_write(small[1], first * numbers, numbers)
    for picture in range(first, end, block):
        here, coming = min(block, end - picture), max(0, min(block, end - picture - block))
        x_here, out_here = picture * x_numbers, picture * out_numbers
        multiply_regions((x, filters, out, bias, x), places, regions, floors[0], (here, x_here, out_here),
                         (step, columns), (x_here + here * x_numbers, coming * x_numbers,
                                           out_here + here * out_numbers, coming * out_numbers))
        for each in range(picture, picture + here):
            multiply_pixels((x, each * x_numbers, rows[0]), small[0], (small[1], each * numbers, rows[1]),
                            (small[2], floors[1]), (pixels, channels, count),
                            (x, each * x_numbers, 0, (each + 1) * numbers))
