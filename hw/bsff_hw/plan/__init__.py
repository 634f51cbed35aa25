"""What is built, in numbers: folding and widths of every block, cycles, resources, the solver that chooses a folding.

`plan` turns a configuration into a `Plan`; nothing here needs amaranth.
"""

from .head import HeadPlan
from .layer import LayerPlan
from .network import Plan, plan

__all__ = ["HeadPlan", "LayerPlan", "Plan", "plan"]
