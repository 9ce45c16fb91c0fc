"""Both ways through a convolution by Winograd's F(4×4, 3×3), some pictures at a time: one call for a range of pictures.

Threads take turns with the interpreter; the fewer calls there are, the less they wait for each other. What lies
between the parts stays in the second-level cache. The settings of the parts (`read`, `multiply`, …) are laid out by the
caller, but for what changes from group to group.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel
from core.kernels.winograd import weights_from_positions
from core.kernels.winograd_maps import (
    data_positions,
    gated_positions,
    gradient_positions,
    largest_from_positions,
    output_from_positions,
    pictures_from_positions,
    pooled_from_positions,
    unpooled_positions,
)
from core.kernels.winograd_products import multiply_tiles, sum_tiles

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]
Integers = NDArray[np.int64]

# What lies between the convolution and its output; in use nobody asks later which pixels were the largest.
BARE, RELU, POOL, POOL_IN_USE = 0, 1, 2, 3


@kernel
def convolve(source: Floats, filters: Floats, bias: Floats, output: Floats, winners: Bytes,
             room: tuple[Floats, Floats], floor: np.float32, read: Integers, multiply: Integers, write: Integers,
             walk: Integers) -> None:
    """Patches to positions, products, positions to blocks of output.

    room: positions of data, products. walk: first and end picture, pictures at a time, tiles of a picture; numbers of
    a picture of the source, of the output; winners' step to the next picture; what lies behind the convolution.
    """
    first, end, group, tiles, source_size, output_size, winner_step, behind = walk[:8]
    data, product = room
    for start in range(first, end, group):
        count = min(group, end - start)
        read[0], read[4], multiply[1] = count, start * source_size, count * tiles
        write[0], write[4], write[8] = count, start * output_size, start * winner_step
        data_positions(source, data, read)
        multiply_tiles(data, filters, product, multiply)
        if behind == POOL:
            pooled_from_positions(product, output, winners, bias, floor, write)
        elif behind == POOL_IN_USE:
            largest_from_positions(product, output, bias, floor, write)
        else:
            output_from_positions(product, output, bias, floor, write)


@kernel
def send_back(gradient: Floats, output: Floats, winners: Bytes, source: Floats, target: Floats,
              filters: Floats, slots: Floats, bias_slots: Floats, room: tuple[Floats, Floats, Floats, Floats],
              read_back: Integers, read: Integers, columns: Integers, multiply: Integers, walk: Integers) -> None:
    """From the output's gradient those of the chunks' filters and biases, and of the source.

    room: positions of data, of the gradient, products, sums for filters. walk: first and end picture, pictures at a
    time, tiles of a picture; numbers of a picture of the source, of the output; winners' step to the next picture; what
    lies behind the convolution; pictures of a chunk, a slot of filters, of biases; channels summed at a time; whether
    the filters learn, whether the source wants a gradient; pictures of the batch.
    """
    first, end, group, tiles, source_size, output_size, winner_step, behind = walk[:8]
    chunk, slot_step, bias_step, block, learns, wanted, batch = walk[8:15]
    data, slopes, product, sums = room
    channels, filter_count, line = columns[2], columns[3], columns[2] * columns[3]
    start = first
    while start < end:
        count = min(group, end - start, chunk - start % chunk)
        read_back[0], read_back[4], read_back[8] = count, start * output_size, start // chunk * bias_step
        read_back[9], read[0], read[4] = start * winner_step, count, start * source_size
        columns[1] = multiply[1] = count * tiles
        if behind == POOL:
            unpooled_positions(gradient, winners, slopes, bias_slots, read_back)
        elif behind == RELU:
            gated_positions(gradient, output, slopes, bias_slots, read_back)
        else:
            gradient_positions(gradient, slopes, bias_slots, read_back)
        if learns != 0:
            data_positions(source, data, read)
            at_end = (start + count) % chunk == 0 or start + count == batch
            for channel in range(0, channels, block):
                columns[7], columns[8], columns[9] = channel, min(channel + block, channels), int(start % chunk != 0)
                sum_tiles(data, slopes, sums, columns)
                if at_end:
                    place = start // chunk * slot_step + channel * filter_count
                    weights_from_positions(sums, slots, place, (columns[8] - channel) * filter_count, line, columns[6])
        if wanted != 0:
            multiply_tiles(slopes, filters, product, multiply)
            pictures_from_positions(product, target, read)
        start += count
