"""Memory with a word for each channel, read and written a beat of channels at a time."""

from typing import Any

from amaranth.hdl import Module, Shape, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import index, read_signature

from .ram import ram


def channel_read_signature(beats: int, units: int, word: Any) -> wiring.Signature:
    """Read the words of a beat's channels; ``address`` is the beat."""
    return read_signature(index(beats), data.ArrayLayout(word, units))


def one_channel_read_signature(beats: int, units: int, word: Any) -> wiring.Signature:
    """Read the word of one channel: ``address`` is its beat; a cycle later ``unit`` chooses the channel within it."""
    return wiring.Signature({"address": Out(index(beats)), "unit": Out(index(units)), "word": In(word)})


def channel_write_signature(beats: int, units: int, word: Any) -> wiring.Signature:
    """Write words of a beat's channels, those of the units in ``mask``."""
    return wiring.Signature(
        {"mask": Out(units), "address": Out(index(beats)), "words": Out(data.ArrayLayout(word, units))}
    )


class ChannelMemory(wiring.Component):
    """One word a channel; channel ``beat * units + unit`` lies in memory `unit`.

    Parameters
    ----------
    word : ShapeLike
        What is kept of a channel.
    transparent : bool
        A read sees a write of the same cycle.

    Members
    -------
    read : In(channel_read_signature())
    write : In(channel_write_signature())

    Raises
    ------
    ValueError
        If the channels do not fill whole beats.
    """

    def __init__(self, channels: int, units: int, word: Any, *, transparent: bool = False) -> None:
        if channels % units:
            raise ValueError(f"channels = {channels}: expected a multiple of units = {units}")
        self._units, self._transparent = units, transparent
        self._beats = max(2, channels // units)
        self._width = Shape.cast(word).width
        super().__init__(
            {
                "read": In(channel_read_signature(self._beats, units, word)),
                "write": In(channel_write_signature(self._beats, units, word)),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        for unit in range(self._units):
            store = ram(unsigned(self._width), self._beats)
            m.submodules[f"unit{unit}"] = store
            write = store.write_port()
            read = store.read_port(transparent_for=(write,) if self._transparent else ())
            m.d.comb += [
                read.en.eq(self.read.enable),
                read.addr.eq(self.read.address),
                self.read.word[unit].eq(read.data),
                write.en.eq(self.write.mask[unit]),
                write.addr.eq(self.write.address),
                write.data.eq(self.write.words[unit]),
            ]
        return m
