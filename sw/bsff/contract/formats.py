"""Widths, fractions, shifts and codes that the software and the gateware share.

`docs/numerics.md` says what the machine does with the numbers. A name in ``_WIDTH`` counts all bits of a number, one
in ``_BITS`` counts its fractional bits unless the line below it says otherwise. This module imports nothing of the
project.
"""

import math

# ---- samples

PIXEL_WIDTH = 8
"""Bits of a pixel, unsigned."""
LABEL_WIDTH = 8
"""Bits of a label, unsigned."""

# ---- random numbers

GENERATOR_WIDTH = 64
"""Bits of a generator's state."""
SHIFTS = (13, 7, 17)
"""Left, right, left shift of one step of a generator."""
DRAWS = 4
"""Draws taken from one state."""
DRAW_BITS = GENERATOR_WIDTH // DRAWS
"""Bits of a draw, all of them."""
NOISE_BITS = 10
"""Upper bits of a draw that index the table of logistic noise."""
NOISE_SCALE_BITS = 8
"""Fractional bits of the scale of the noise."""

# ---- sums, running means and goodness

SUM_WIDTH = 32
"""Bits of a pre-activation, and of a sum of responses times a gain; signed. The host refuses what could need more."""
MEAN_WIDTH = 32
"""Bits of a running mean count, signed."""
MEAN_BITS = 16
"""Fractional bits of a running mean count. With 8 and a shift of 8 the mean of a count that varies little would stop half
a count off, where every step rounds to nothing: the means of a layer of one position would all be 1/2."""
KEPT_BITS = 8
"""Fractional bits that a class's sum of differences keeps before it is scaled."""
SCALE_WIDTH = 24
"""Bits of the scale that makes goodness a logit, unsigned."""
SCALE_BITS = 16
"""Fractional bits by which a scaled difference is shifted down to a logit."""

# ---- logits, softmax and class error

LOGIT_WIDTH = 32
"""Bits of a logit to the base two, signed."""
LOGIT_BITS = 6
"""Fractional bits of a logit, and of a loss in bits."""
EXP_BITS = LOGIT_BITS
"""Bits that index the tables of powers and logarithms of two: the fraction of a logit."""
EXP_ONE = 16
"""Fractional bits of a power of two; its largest value is ``2**EXP_ONE``."""
LOG2_E_BITS = 12
"""Fractional bits of `LOG2_E`."""
LOG2_E = round(math.log2(math.e) * 2**LOG2_E_BITS)
"""log2(e): turns the head's sums into logits to the base two."""
ERROR_BITS = 12
"""Fractional bits of a class error and of a gate."""
ERROR_WIDTH = ERROR_BITS + 2
"""Bits of a class error, signed: it runs from -1 to 1 and reaches both."""
GATE_WIDTH = ERROR_BITS + 1
"""Bits of a gate, unsigned: it runs from 0 to 1 and reaches both."""

# ---- update

STEP_WIDTH = 16
"""Bits of a step size, unsigned."""
STEP_BITS = 8
"""Fractional bits of a step size, which counts weight units."""
GAIN_BITS = ERROR_BITS
"""Fractional bits of a gain, which counts weight units, and all bits of the dither that rounds them off."""
GAIN_WIDTH = ERROR_WIDTH + STEP_WIDTH - STEP_BITS
"""Bits of a gain, signed: a class error times a step size."""
BIAS_WIDTH = 32
"""Bits of a stored bias, signed."""
BIAS_BITS = 8
"""Bits that a bias has below the unit of a weight."""
ACTIVITY_WIDTH = 31
"""Bits of the running number of ones in an input map, unsigned."""
ACTIVITY_BITS = 8
"""Fractional bits of the running number of ones."""
ACTIVITY_SHIFT = 8
"""The running number of ones forgets over ``2**ACTIVITY_SHIFT`` samples."""
INPUT_MEAN_BITS = 16
"""Fractional bits of the mean activity of one input."""

# ---- counters and codes

COUNTERS = ("samples", "correct", "loss", "taps", "updates", "update_taps", "saturations")
"""Counters of a layer or of the head, in the order of the last axis of `golden.results.Results.counters`.

samples: presented. correct: largest logit at the label (ties to the lowest class). loss: sum of the cross-entropies,
`LOGIT_BITS` fractional bits. taps: weight rows read forward. updates: samples learnt from, neither frozen nor gated.
update_taps: their active taps again, the row and position pairs that the update adds up. saturations: weights clipped.
"""
CYCLE_COUNTERS = ("busy_cycles", "stall_cycles")
"""Counters that a device with a clock has besides, in clock cycles."""
COUNTER_WIDTH = 64
"""Bits of a counter; it wraps."""
MEMORIES = ("weights", "bias", "mean")
"""Memories of a block; the index is the code in MEMORY_SELECT.memory."""
FAULTS = ("none", "address", "slave error", "decode error", "no answer")
"""Why samples could not be read from memory; the index is the code in FAULT.kind."""
