"""Forward pass of one sample: sums, p-bits, pool."""

import numpy as np
from numba import njit

from bsff.contract.formats import BIAS_BITS, DRAWS

from .active import add_rows
from .draws import noise_index, step


@njit(nogil=True, cache=True)
def fire(shape, own, row, start, fired, response):
    """`layer.forward` before the pool: accumulate the indexed rows and draw every tile.

    Parameters
    ----------
    shape : LayerShape
    own : LayerViews
    row, start : from `list_active`
    fired : uint8, shape (positions, C)
    response : uint8, shape (positions, C)
    """
    weights, bias, narrow, noise_table = own.weights, own.bias, own.narrow, own.noise_table
    channels = bias.size
    groups = shape.groups
    width = channels // groups
    tile = shape.tile
    draws = channels * tile * (3 if shape.xor else 1)
    noise = np.empty((draws + DRAWS - 1) // DRAWS * DRAWS, np.int32)
    sums = np.empty((groups, width), np.int32)
    total = sums.reshape(channels)
    theta = np.zeros(tile, np.int32)
    if tile > 1:
        for m in range(tile):
            theta[m] = shape.half * (2 * m + 1)
    state = own.pbits[0]
    for position in range(fired.shape[0]):
        for j in range(channels):
            total[j] = bias[j] >> BIAS_BITS
        for g in range(groups):
            at = position * groups + g
            add_rows(weights, row, start[at], start[at + 1], narrow, sums, g)
        for i in range(0, draws, DRAWS):
            state = step(state)
            for number in range(DRAWS):
                noise[i + number] = noise_table[noise_index(state, number)]
        if tile == 1 and not shape.xor:
            for j in range(channels):
                fired[position, j] = total[j] + noise[j] > 0
            for j in range(channels):
                response[position, j] = (total[j] > -shape.boxcar) & (total[j] < shape.boxcar)
        else:
            for j in range(channels):
                n, d = 0, 0
                for m in range(tile):
                    level = total[j] - theta[m]
                    if shape.xor:
                        i = 3 * (j * tile + m)
                        n += level + noise[i] > 0
                        d += (level + noise[i + 1] > 0) != (level + noise[i + 2] > 0)
                    else:
                        n += level + noise[j * tile + m] > 0
                        d += -shape.boxcar < level and level < shape.boxcar
                fired[position, j] = n
                response[position, j] = d
    own.pbits[0] = state


@njit(nogil=True, cache=True)
def pool(fired, response, pooled):
    """`pool.pool`: (H, W, C) to (H/2, W/2, C), the response of losers set to 0 in place."""
    height, width, channels = fired.shape
    for y in range(height):
        for x in range(width):
            if y >= 2 * pooled.shape[0] or x >= 2 * pooled.shape[1]:
                response[y, x] = 0
    for y in range(pooled.shape[0]):
        for x in range(pooled.shape[1]):
            a, b = fired[2 * y, 2 * x], fired[2 * y, 2 * x + 1]
            c, d = fired[2 * y + 1, 2 * x], fired[2 * y + 1, 2 * x + 1]
            ra, rb = response[2 * y, 2 * x], response[2 * y, 2 * x + 1]
            rc, rd = response[2 * y + 1, 2 * x], response[2 * y + 1, 2 * x + 1]
            out = pooled[y, x]
            for j in range(channels):
                out[j] = max(max(a[j], b[j]), max(c[j], d[j]))
            for j in range(channels):
                first = a[j] == out[j]
                second = (b[j] == out[j]) & (not first)
                third = (c[j] == out[j]) & (not first) & (not second)
                fourth = (not first) & (not second) & (not third)
                ra[j] *= first
                rb[j] *= second
                rc[j] *= third
                rd[j] *= fourth


@njit(nogil=True, cache=True)
def pool_row(fired, response, pooled):
    """`pool.pool` of a map of one row: (W, C) to (W/2, C), the response of losers set to 0 in place."""
    width, channels = fired.shape
    if width % 2:
        response[width - 1] = 0
    for x in range(pooled.shape[0]):
        a, b, out = fired[2 * x], fired[2 * x + 1], pooled[x]
        ra, rb = response[2 * x], response[2 * x + 1]
        for j in range(channels):
            first = a[j] >= b[j]
            out[j] = a[j] if first else b[j]
            ra[j] *= first
            rb[j] *= not first
