"""The ports of a block, a layer or the head."""

from typing import Any

from amaranth.lib.wiring import In, Out

from bsff_hw.host.interfaces import bus_signature
from bsff_hw.interfaces import access_signature, logits


def block_ports() -> dict[str, Any]:
    """Members that layers and head share.

    Members: ``logits`` gives the logits of every sample while ``results`` is set;
    ``learn`` is CONTROL.learn; ``clear`` sets the counters to 0; ``bus`` and ``access`` lead to registers and memories;
    ``idle`` while no map is here or under way; ``completed`` for one cycle when a sample is done with.
    """
    return {
        "logits": Out(logits()),
        "learn": In(1),
        "results": In(1),
        "clear": In(1),
        "bus": In(bus_signature()),
        "access": In(access_signature()),
        "idle": Out(1),
        "completed": Out(1),
    }
