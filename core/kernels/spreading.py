"""Maps into frames where their numbers lie as a kernel wants them, and weights by tables of places.

A frame has planes; rows, columns and the numbers of a pixel are put where tables say, so that one kernel pads, cuts
channels into groups and sorts columns.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.jit import kernel
from core.kernels.processor import LANES
from core.kernels.vector_steps import copy_few, copy_run

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Places = NDArray[np.int32]


@kernel
def spread_maps(maps: Floats, frame: Floats, rows: Integers, columns: Integers, channels: Places,
                sizes: Integers) -> None:
    """frame[plane, rows[i] + columns[j] + n] = maps[i, j, channels[plane, n]].

    sizes: pictures, start in maps, numbers of a pixel in maps; frame's step to the next picture, planes, step to the
    next plane; numbers of a pixel in a plane, whether they are neighbours in maps.
    """
    pictures, start, numbers, frame_picture, planes, plane_step, count, neighbours = sizes[:8]
    for picture in range(pictures):
        for row in range(rows.size):
            for column in range(columns.size):
                source = start + ((picture * rows.size + row) * columns.size + column) * numbers
                place = picture * frame_picture + rows[row] + columns[column]
                for plane in range(planes):
                    if neighbours and count <= LANES:
                        copy_few(maps, source + channels[plane * count], frame, place + plane * plane_step, count)
                    elif neighbours:
                        copy_run(maps, source + channels[plane * count], frame, place + plane * plane_step, count)
                    else:
                        given, made = maps[source:source + numbers], frame[place + plane * plane_step:]
                        for number in range(count):
                            made[number] = given[channels[plane * count + number]]


@kernel
def collect_maps(frame: Floats, maps: Floats, rows: Integers, columns: Integers, channels: Places,
                 sizes: Integers) -> None:
    """maps[i, j, channels[plane] + n] = frame[plane, rows[i] + columns[j] + n]; sizes as for `spread_maps`."""
    pictures, start, numbers, frame_picture, planes, plane_step, count = sizes[:7]
    for picture in range(pictures):
        for row in range(rows.size):
            for column in range(columns.size):
                target = start + ((picture * rows.size + row) * columns.size + column) * numbers
                place = picture * frame_picture + rows[row] + columns[column]
                for plane in range(planes):
                    if count <= LANES:
                        copy_few(frame, place + plane * plane_step, maps, target + channels[plane * count], count)
                    else:
                        copy_run(frame, place + plane * plane_step, maps, target + channels[plane * count], count)


@kernel
def copy_runs(maps: Floats, made: Floats, runs: Integers, sizes: Integers) -> None:
    """Copy runs of neighbours, (place in maps, place in made, how many), of each picture.

    sizes: pictures, start in maps, its step to the next picture, made's.
    """
    pictures, start, step, made_step = sizes[:4]
    for picture in range(pictures):
        source, target = start + picture * step, picture * made_step
        for run in runs:
            copy_run(maps, source + run[0], made, target + run[1], run[2])


@kernel
def add_runs(made: Floats, maps: Floats, runs: Integers, sizes: Integers) -> None:
    """Add runs of neighbours where `copy_runs` has them from."""
    pictures, start, step, made_step = sizes[:4]
    for picture in range(pictures):
        source, target = start + picture * step, picture * made_step
        for run in runs:
            given, sums = made[target + run[1]:target + run[1] + run[2]], maps[source + run[0]:source + run[0] + run[2]]
            for index in range(run[2]):
                sums[index] += given[index]


@kernel
def pack_by_table(weights: Floats, start: int, package: Floats, table: Places) -> None:
    """package[n] = weights[start + table[n]], 0 where the table is negative."""
    for index in range(table.size):
        place = table[index]
        package[index] = weights[start + place] if place >= 0 else np.float32(0)


@kernel
def sum_by_table(slots: Floats, used: int, slot_step: int, copies: int, copy_step: int, gradient: Floats, start: int,
                 table: Places) -> None:
    """gradient[start + n] = Σ over slots and copies of slots[table[n]], in order; copies lie `copy_step` apart."""
    sums = gradient[start:start + table.size]
    for index in range(table.size):
        sums[index] = np.float32(0)
    # One copy after the other, so that each is read straight on.
    for slot in range(used):
        for copy in range(copies):
            given = slots[slot * slot_step + copy * copy_step:]
            for index in range(table.size):
                sums[index] += given[table[index]]
