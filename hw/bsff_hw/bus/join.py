"""Ports handed through a component."""

from collections.abc import Mapping
from typing import Any

from amaranth.lib.wiring import In, Member


def join(outer: Any, inner: Any, ports: Mapping[str, Member]) -> list[Any]:
    """Statements that join members of the same names, each in its direction.

    Parameters
    ----------
    outer, inner : object
        With these members as attributes; those that are `In` flow from `outer` to `inner`.
    ports : mapping of str to Member
        Directions as `inner` sees them.
    """
    pairs = ((getattr(outer, name), getattr(inner, name), member.flow) for name, member in ports.items())
    return [below.eq(above) if flow == In else above.eq(below) for above, below, flow in pairs]
