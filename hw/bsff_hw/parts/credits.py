"""Credits: places of a queue that are promised before a word sets out, so that nothing on its way has to wait."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Credits(wiring.Component):
    """Count the places of a queue that are promised or in use.

    Parameters
    ----------
    places : int
        Of the queue.

    Members
    -------
    take : In(1)
        A word sets out; only while there is `room`.
    back : In(2)
        Two events that free a place, each for one: a word has left the queue, or will never reach it.
    room : Out(1)
        A place is free. From a register.
    room_ahead : Out(1)
        `room` of the next cycle.
    used : Out(range(places + 1))
        Places that are not free; a freed one counts for a cycle more.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        super().__init__(
            {"take": In(1), "back": In(2), "room": Out(1), "room_ahead": Out(1), "used": Out(range(places + 1))}
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        following, room, back = Signal.like(self.used), Signal(init=1), Signal(2)
        m.d.comb += [
            following.eq(self.used + self.take - back[0] - back[1]),
            self.room_ahead.eq(following != self._places),
            self.room.eq(room),
        ]
        # whoever frees a place may do so late in its cycle
        m.d.sync += [back.eq(self.back), self.used.eq(following), room.eq(self.room_ahead)]
        return m
