"""From the real numbers of a configuration to the integers that the machine's registers hold.

`docs/numerics.md` says what the machine does with them.
"""

import math

from bsff.config import LayerConfig
from bsff.errors import ConfigError

from .formats import (
    ACTIVITY_BITS,
    ACTIVITY_WIDTH,
    BIAS_BITS,
    BIAS_WIDTH,
    ERROR_BITS,
    GAIN_BITS,
    KEPT_BITS,
    LOG2_E,
    LOG2_E_BITS,
    LOGIT_BITS,
    LOGIT_WIDTH,
    NOISE_SCALE_BITS,
    SCALE_BITS,
    SCALE_WIDTH,
    STEP_BITS,
    STEP_WIDTH,
    SUM_WIDTH,
)
from .geometry import HeadGeometry, LayerGeometry

STEP_MAX = 2**STEP_WIDTH - 1
SCALE_MAX = 2**SCALE_WIDTH - 1


def step_register(step: float, fraction_bits: int) -> int:
    """Step size eta as a register value, in units of ``2**-STEP_BITS`` weight units.

    Raises
    ------
    ConfigError
        If it does not fit `STEP_WIDTH` bits.
    """
    value = round(step * 2 ** (fraction_bits + STEP_BITS))
    if not 0 <= value <= STEP_MAX:
        raise ConfigError(
            f"step = {step:g}: expected 0 to {STEP_MAX / 2 ** (fraction_bits + STEP_BITS):g} "
            f"with fraction_bits = {fraction_bits}"
        )
    return value


def layer_step_register(step: float, layer: LayerGeometry) -> int:
    """`step_register` of a layer, refused where a sum of responses times a gain could leave `SUM_WIDTH` bits."""
    value = step_register(step, layer.config.fraction_bits)
    bound = step_bound(layer)
    if value > bound:
        raise ConfigError(
            f"step = {step:g}: expected at most {bound / 2 ** (layer.config.fraction_bits + STEP_BITS):g} "
            f"for a layer whose sums reach {layer.sum_bound}, or products leave {SUM_WIDTH} bits"
        )
    return value


def step_bound(layer: LayerGeometry) -> int:
    """Largest step register with which ``S * gain``, correction and dither fit `SUM_WIDTH` bits."""
    gain_per_step = 2 ** (ERROR_BITS - STEP_BITS)
    # the centring correction has the sign of the product and is no larger, so it never widens the difference
    return (2 ** (SUM_WIDTH - 1) - 2 ** (GAIN_BITS + 1)) // (layer.sum_bound * gain_per_step)


def goodness_scale(layer: LayerGeometry) -> int:
    """Scale register: ``T * log2(e) / p-bits of a class``, counts in, base-two logits out.

    Raises
    ------
    ConfigError
        If it does not fit `SCALE_WIDTH` bits, or would be 0.
    """
    scale = layer.config.temperature * math.log2(math.e) / layer.goodness_count
    value = round(scale * 2 ** (LOGIT_BITS + SCALE_BITS - KEPT_BITS))
    if not 1 <= value <= SCALE_MAX:
        raise ConfigError(
            f"temperature = {layer.config.temperature:g}: the scale register would be {value}, "
            f"expected 1 to {SCALE_MAX}"
        )
    return value


def gate_register(gate: float) -> int:
    """Gating threshold in units of ``2**-ERROR_BITS``; a layer learns where the label's error reaches it."""
    return round(gate * 2**ERROR_BITS)


def boxcar_width(layer: LayerConfig) -> int:
    """Half-width of the boxcar in weight units."""
    return round(layer.boxcar * 2**layer.fraction_bits)


def noise_scale(layer: LayerConfig) -> int:
    """Scale of the logistic noise, in units of ``2**-NOISE_SCALE_BITS``."""
    return round(layer.noise * 2**NOISE_SCALE_BITS)


def firing_count(layer: LayerGeometry) -> int:
    """p-bits of a channel that are to fire, after the pool; see `firing_shift`."""
    return round(layer.config.firing * layer.outputs * layer.config.tile)


def check_firing(layer: LayerGeometry) -> None:
    """Refuse a target of firing that is no p-bit at all: biases would fall until nothing fires.

    Raises
    ------
    ConfigError
        Naming the least target.
    """
    most = layer.outputs * layer.config.tile
    if layer.config.firing and not firing_count(layer):
        raise ConfigError(
            f"firing = {layer.config.firing:g}: expected 0, or more than {0.5 / most:g}, half of one of the {most} p-bits of a channel"
        )


def firing_shift(layer: LayerGeometry) -> int | None:
    """Left shift from a channel's count of p-bits that are missing to the change of its bias; None where it has no target.

    The power of two next to ``firing_step * 2**(fraction_bits + BIAS_BITS) / (positions * M)``; negative: to the right.
    """
    if not layer.config.firing:
        return None
    unit = layer.config.firing_step * 2 ** (layer.config.fraction_bits + BIAS_BITS)
    return round(math.log2(unit / (layer.outputs * layer.config.tile)))


def accumulator_width(layer: LayerGeometry) -> int:
    """Bits of a pre-activation that cannot overflow: every tap at its largest, and the bias."""
    largest = layer.taps * layer.levels * 2 ** (layer.config.weight_bits - 1) + 2 ** (BIAS_WIDTH - 1 - BIAS_BITS)
    return largest.bit_length() + 1


def check_accumulator(layer: LayerGeometry) -> None:
    """Refuse a layer whose pre-activation, or sum of a channel's weight changes, could leave `SUM_WIDTH` bits.

    Raises
    ------
    ConfigError
        Naming the width that it would need.
    """
    width = accumulator_width(layer)
    if width > SUM_WIDTH:
        raise ConfigError(
            f"weight_bits = {layer.config.weight_bits}: {layer.taps} taps of up to {layer.levels} need {width} bits to "
            f"add up, expected at most {SUM_WIDTH}; use fewer bits or fewer inputs"
        )
    moved = (layer.taps * (2**layer.config.weight_bits - 1)).bit_length() + 1
    if moved > SUM_WIDTH:
        raise ConfigError(
            f"weight_bits = {layer.config.weight_bits}: the changes of {layer.taps} taps need {moved} bits to add up, "
            f"expected at most {SUM_WIDTH}; use fewer bits or fewer inputs"
        )


def check_activity(layer: LayerGeometry) -> None:
    """Refuse a layer whose input map could hold more ones than the running activity can.

    Raises
    ------
    ConfigError
        Naming the number of ones.
    """
    ones = math.prod(layer.inputs) * layer.levels
    most = 2 ** (ACTIVITY_WIDTH - ACTIVITY_BITS) - 1
    if ones > most:
        raise ConfigError(
            f"kind = {layer.config.kind}: its input map can hold {ones:,} ones, expected at most {most:,}; use smaller "
            "inputs, or a layer before it with a pool or fewer channels"
        )


def head_sum_width(head: HeadGeometry) -> int:
    """Bits of the sum of all rows of the head and a bias."""
    largest = head.largest * 2 ** (head.config.weight_bits - 1) + 2 ** (BIAS_WIDTH - BIAS_BITS - 1)
    return largest.bit_length() + 1


def head_logit_width(head: HeadGeometry) -> int:
    """Bits of a logit of the head that cannot overflow: every row at its largest, the bias, times log2(e)."""
    return head_sum_width(head) + LOG2_E.bit_length() - head_shift(head.config.fraction_bits)


def check_head(head: HeadGeometry) -> None:
    """Refuse a head whose logits could leave `LOGIT_WIDTH` bits.

    Raises
    ------
    ConfigError
        Naming the width that they would need.
    """
    width = head_logit_width(head)
    if width > LOGIT_WIDTH:
        raise ConfigError(
            f"weight_bits = {head.config.weight_bits}: logits of {head.rows:,} inputs of up to {head.levels} need {width} bits, "
            f"expected at most {LOGIT_WIDTH}; use fewer bits, more fraction_bits, or pool = 2"
        )


def head_shift(fraction_bits: int) -> int:
    """Right shift that leaves `LOGIT_BITS` fractional bits after the multiplication by `formats.LOG2_E`."""
    return fraction_bits + LOG2_E_BITS - LOGIT_BITS
