"""A tile of M p-bits: the binary stochastic unit, and how it responds to its pre-activation."""

from typing import Any

import torch
from torch import Tensor

ELIGIBILITIES = ("surprisal", "xor", "boxcar")


def thresholds(tile: int) -> list[float]:
    """Thresholds of the p-bits in a tile, in units of the pre-activation.

    Parameters
    ----------
    tile : int
        M, p-bits per unit.

    Returns
    -------
    list of float
        ``m - 1/2`` for m = 1..M, so that the mean count tends to softplus(a) as M grows (to within 0.011,
        the midpoint rule's error); 0 for M = 1.
    """
    return [0.0] if tile == 1 else [m - 0.5 for m in range(1, tile + 1)]


def flip(p: Tensor, generator: torch.Generator) -> Tensor:
    """Independent bits, 1 with probability `p`; shape and type of `p`."""
    u = torch.rand(p.shape, generator=generator, dtype=p.dtype, device=p.device)
    return torch.lt(u, p, out=u)  # straight to 0.0 and 1.0: a fifth less time than through bools


def respond(kind: str, distance: Tensor, p: Tensor, width: float, generator: torch.Generator) -> Tensor:
    """Eligibility of one p-bit of noise 1: how much its bit responds to the pre-activation.

    Parameters
    ----------
    kind : str
        ``surprisal``: the slope ``sigma'(distance)`` of the firing probability, a real number.
        ``xor`` (BGBSFF): ``u' xor u''`` of two independent draws; 0 or 1, mean ``2 sigma'``. Neither is the bit
        that fired (our choice, see `Tile`).
        ``boxcar`` (ours): ``|distance| < width``; 0 or 1, and no random number.
    distance : Tensor
        ``a - theta_m``, any shape. It is overwritten, and so is `p`: a new map is dearer than the sum in it.
    p : Tensor
        Firing probability ``sigma(distance)``.
    width : float
        Half-width of the boxcar.
    generator : torch.Generator
        Draws u' and u''.

    Returns
    -------
    Tensor
        Not yet divided by `area`.
    """
    if kind == "boxcar":
        return distance.abs_().lt_(width)
    if kind == "surprisal":
        return p.addcmul_(p, p, value=-1)  # p (1 - p)
    if kind == "xor":
        first, second = flip(p, generator), flip(p, generator)
        return torch.ne(first, second, out=first)
    raise ValueError(f"eligibility {kind!r}: expected one of {', '.join(ELIGIBILITIES)}")


def area(kind: str, width: float, noise: float = 1.0) -> float:
    """Integral of the mean of `respond` over the pre-activation: s, 2 s and 2 width, s the scale of the noise.

    `Tile` divides by it, so that each kind is on the scale of sigma', whose integral is 1, and one step
    size serves all three; divided by 2, `xor` is an unbiased sample of sigma'. The machine keeps the
    integers and has the factor in its step size.
    """
    return {"surprisal": noise, "xor": 2.0 * noise, "boxcar": 2.0 * width}[kind]


class Tile(torch.autograd.Function):
    """Count of M p-bits that share one pre-activation.

    Forward: ``n = sum_m u_m`` with ``u_m ~ Bernoulli(sigmoid((a - theta_m) / s))``, s the scale of the noise. Backward: a step has no
    slope, so the gradient is multiplied by the eligibility ``d = sum_m d_m`` of the same draw.

    Because d is independent of n, the expected gradient of a loss f(n) that is linear or quadratic is
    ``f'(E[n]) E[d]``: with `surprisal` and `xor` exactly that of the deterministic network in which every count is
    replaced by its mean. An `xor` with the fired bit itself would save a draw and follow the gradient of the expected
    loss ``E[f(n)]`` instead, but it learnt worse in each of eight settings tried on digits (M = 1).
    """

    @staticmethod
    def forward(
        ctx: Any, a: Tensor, tile: int, kind: str, width: float, noise: float, generator: torch.Generator
    ) -> Tensor:
        """Draw the count; arguments as in `sample`."""
        learning = ctx.needs_input_grad[0]
        n, d = torch.zeros_like(a), torch.zeros_like(a) if learning else None
        for theta in thresholds(tile):
            distance = (a - theta).div_(noise)
            p = torch.sigmoid(distance)
            n += flip(p, generator)
            if d is not None:
                d += respond(kind, distance, p, width / noise, generator)
        if d is not None:
            ctx.save_for_backward(d.div_(area(kind, width, noise)))
        return n

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Multiply the gradient by the eligibility; no gradient for the other arguments."""
        (d,) = ctx.saved_tensors
        return gradients[0] * d, None, None, None, None, None


def sample(a: Tensor, tile: int, kind: str, width: float, generator: torch.Generator, *, noise: float = 1.0) -> Tensor:
    """Counts of a tile of p-bits, differentiable through the eligibility.

    Parameters
    ----------
    a : Tensor
        Pre-activations, any shape.
    tile : int
        M, p-bits per unit.
    kind : str
        Eligibility: ``surprisal``, ``xor`` or ``boxcar``.
    width : float
        Half-width of the boxcar; ignored by the others.
    generator : torch.Generator
        On the device of `a`.
    noise : float
        Scale of the logistic noise; 1 is the paper's unit.

    Returns
    -------
    Tensor
        Whole numbers 0..M, shape and type of `a`.
    """
    counts: Tensor = Tile.apply(a, tile, kind, width, noise, generator)  # type: ignore[no-untyped-call]
    return counts
