"""Steps from the paper's learning rule towards the machine's, each for itself: plain gradient, weights on a grid, gate."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from bsff.config import HeadConfig, LayerConfig


@dataclass(frozen=True)
class Rule:
    """How layers and head learn."""

    optimiser: str = "adam"
    """``adam``, or ``sgd``: plain gradient, with the step sizes of the configuration instead of a learning rate
    (`Layer.rate`)."""
    learning_rate: float = 5e-3
    """Learning rate of every layer's own Adam."""
    loss_before_norm: bool = False
    """Goodness of the activation before its normalisation (the paper's ablation)."""
    quantise: bool = False
    """After each step weights are rounded at random to ``weight_bits`` bits, ``fraction_bits`` of them fractional."""
    gated: bool = False
    """A layer or the head learns only from samples of which a class error reaches its gate."""

    def __post_init__(self) -> None:
        if self.optimiser not in ("adam", "sgd"):
            raise ValueError(f"optimiser {self.optimiser!r}: expected adam or sgd")


def make_optimiser(rule: Rule, taps: nn.Module, rate: float) -> torch.optim.Optimizer:
    """The optimiser of one layer's parameters."""
    chosen = torch.optim.Adam if rule.optimiser == "adam" else torch.optim.SGD
    return chosen(taps.parameters(), lr=rate)


@torch.no_grad()
def round_at_random(weights: Tensor, *, bits: int, fraction_bits: int, generator: torch.Generator) -> None:
    """Put weights on the grid of a stored weight, in place: up or down at random so that the mean is kept.

    Parameters
    ----------
    weights : Tensor
        Any shape; afterwards whole multiples of ``2**-fraction_bits``, saturated to `bits` bits.
    """
    unit, high = 2.0**-fraction_bits, 2 ** (bits - 1)
    noise = torch.rand(weights.shape, generator=generator, dtype=weights.dtype, device=weights.device)
    weights.copy_(((weights / unit + noise).floor().clamp(-high, high - 1)) * unit)


def descend(
    loss: Tensor | None,
    optimiser: torch.optim.Optimizer,
    weights: Tensor,
    config: LayerConfig | HeadConfig,
    rule: Rule,
    generator: torch.Generator,
) -> None:
    """One step of a layer or the head on its own loss; none if `gated_loss` left no sample."""
    if loss is None:
        return
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    if rule.quantise:
        round_at_random(weights, bits=config.weight_bits, fraction_bits=config.fraction_bits, generator=generator)


def gated_loss(logits: Tensor, labels: Tensor, gate: float | None) -> Tensor | None:
    """Cross-entropy, mean over the batch, of the samples that are learnt from.

    Parameters
    ----------
    logits : Tensor
        [batch, classes], to the base e
    labels : Tensor
        [batch]
    gate : float, optional
        A sample of which every class error ``|[c = y] - softmax(logits)[c]|`` is below it counts as 0. None: no gate.

    Returns
    -------
    Tensor, optional
        None if no sample is left.
    """
    loss = functional.cross_entropy(logits, labels, reduction="none")
    if gate is None:
        return loss.mean()
    # the error of the label's class is never smaller than another
    open_ = (1 - logits.detach().softmax(1).gather(1, labels[:, None])[:, 0]) >= gate
    return (loss * open_).mean() if bool(open_.any()) else None
