"""Which weight rows are on: the lists that forward pass and update share, and the sum of rows by such a list."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def list_active(inputs, shape, taps, row, start):
    """The active-index encoder: for each position and group the weight rows that are on, rising, n times for a count n.

    Parameters
    ----------
    inputs : uint8, shape (H, W, C)
    taps : of one group; row ``g * taps + tap`` of the weights belongs to group g
    row : uint32, shape (positions * groups * taps * levels,)
        The rows, position by position, group by group.
    start : uint32, shape (positions * groups + 1,)
        Where each list begins in `row`; the last entry is the end.

    Returns
    -------
    ones : sum of the input map
    """
    in_height, in_width, in_channels = inputs.shape
    height, width = shape.height, shape.width
    own = in_channels // shape.groups
    channel = np.empty((in_height, in_width, shape.groups, own * shape.levels), np.uint32)
    lit = np.empty((in_height, in_width, shape.groups), np.uint32)
    ones = 0
    for y in range(in_height):
        for x in range(in_width):
            for g in range(shape.groups):
                n = 0
                for c in range(own):
                    for _ in range(inputs[y, x, g * own + c]):
                        channel[y, x, g, n] = c
                        n += 1
                lit[y, x, g] = n
                ones += n
    n = 0
    for y in range(height):
        for x in range(width):
            for g in range(shape.groups):
                start[(y * width + x) * shape.groups + g] = n
                for ky in range(max(0, shape.above - y), min(shape.kernel_height, in_height + shape.above - y)):
                    for kx in range(max(0, shape.left - x), min(shape.kernel_width, in_width + shape.left - x)):
                        iy, ix = y + ky - shape.above, x + kx - shape.left
                        base = g * taps + (ky * shape.kernel_width + kx) * own
                        for k in range(lit[iy, ix, g]):
                            row[n] = base + channel[iy, ix, g, k]
                            n += 1
    start[height * width * shape.groups] = n
    return ones


@njit(nogil=True, cache=True)
def transpose(row, start, groups, rows, position, begin):
    """For every weight row the positions at which it was active: the lists of `list_active` turned round.

    Parameters
    ----------
    position : uint32, shape of `row`
        ``position * groups + group``, row by row, rising.
    begin : uint32, shape (rows + 1,)
        Where each row's list begins.
    """
    begin[:] = 0
    lists = start.size - 1
    end = start[lists]
    for k in range(end):
        begin[row[k] + np.uint32(1)] += np.uint32(1)
    for i in range(rows):
        begin[i + 1] += begin[i]
    for at in range(lists):
        for k in range(start[at], start[at + 1]):
            i = row[k]
            position[begin[i]] = at
            begin[i] += np.uint32(1)
    for i in range(rows, 0, -1):  # filling moved every beginning to the next one's
        begin[i] = begin[i - 1]
    begin[0] = 0


@njit(nogil=True, cache=True)
def add_rows(table, row, begin, end, narrow, total, into):
    """``total[into] += sum of table[row[k]] for k in begin .. end - 1``: the indexed accumulation.

    Eight rows at a time are added in the narrow type of the table, which the caller has chosen so that eight fit, and
    widened once; that is what makes the loop fast.

    Parameters
    ----------
    table : int16 or uint8, shape (rows, width)
    row : uint32
    narrow : scratch, shape (width,), of a type that holds the sum of eight rows
    total : shape (n, width)
    """
    width = narrow.size
    k = begin
    while k + 8 <= end:
        a, b, c, d = row[k], row[k + 1], row[k + 2], row[k + 3]
        e, f, g, h = row[k + 4], row[k + 5], row[k + 6], row[k + 7]
        for j in range(width):
            narrow[j] = (
                table[a, j]
                + table[b, j]
                + table[c, j]
                + table[d, j]
                + table[e, j]
                + table[f, j]
                + table[g, j]
                + table[h, j]
            )
        for j in range(width):
            total[into, j] += narrow[j]
        k += 8
    if k + 4 <= end:
        a, b, c, d = row[k], row[k + 1], row[k + 2], row[k + 3]
        for j in range(width):
            narrow[j] = table[a, j] + table[b, j] + table[c, j] + table[d, j]
        for j in range(width):
            total[into, j] += narrow[j]
        k += 4
    while k < end:
        a = row[k]
        for j in range(width):
            total[into, j] += table[a, j]
        k += 1
