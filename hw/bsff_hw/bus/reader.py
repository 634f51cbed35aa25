"""Samples from memory: an AXI read master that streams sample records from a buffer into the sample store.

One command presents a whole epoch; the processor sleeps meanwhile.
"""

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import fifo, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import FAULTS

from .memory_port import ADDRESS_WIDTH, BEAT_BYTES, PORTS

BURST = 16
"""Beats of a burst at most: what AXI3 allows."""
BUFFERED = 2 * BURST
"""Beats asked for and not yet used, at most: one burst comes while another is used. Room is kept, so RREADY never falls
before the last beat has come."""
PATIENCE = 2**16
"""Cycles without an answer after which memory is given up: 0.7 ms at 100 MHz, a thousand times a slow answer."""


class SampleReader(wiring.Component):
    """Read records and hand their words to `samples.SampleStore`.

    A record is a label, the words of a sample, and zeros up to a multiple of 64 bits (docs/registers.md). Records are
    presented in order, each as soon as it is there and the store has space.

    A fault ends the reading: what is under way on the bus is taken and thrown away, a record that is half handed over is
    dropped, those before it are presented. Memory that stays silent for `patience` cycles is given up, so nothing waits
    for ever. Beats that were asked for and did not come keep their place: until they are in, a new start is answered
    with the fault ``no answer``, since AXI cannot take a request back.

    Bursts end at multiples of 128 bytes, so none crosses a boundary of 4 KiB, and at the end of a record. One is under
    way at a time: a pixel takes more than a cycle further on, so the next one comes early enough, and a slave that
    counts its bursts wrongly cannot confuse the reader.

    Parameters
    ----------
    words : int
        32-bit words of a sample, the label not counted; at least 1.
    patience : int
        Cycles that memory may be silent while it owes an answer.

    Members
    -------
    start : In(1)
        Present `count` records from `address` on; ignored while busy.
    stop : In(1)
        End the reading; a record half handed over is dropped.
    clear : In(1)
        Forget the fault.
    address : In(64)
    count : In(32)
    busy : Out(1)
        Records are read; from the cycle after `start`.
    left : Out(32)
        Records not yet handed over; after a fault the number of those that were not presented.
    fault : Out(3)
        Index into `formats.FAULTS`; 0 is none. The first stays until `clear`, or the next start.
    space : In(1)
        The store takes another sample.
    begin, write, drop, data :
        Inputs of the store: label, words of a sample, and the end of a sample half written.
    arid ... rready :
        AXI3 read channels, 64 bits, one ID. Address outputs are registers.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    def __init__(self, words: int, *, patience: int = PATIENCE) -> None:
        if words < 1:
            raise ValueError(f"words = {words}: expected at least 1, the words of a sample")
        if patience < 1:
            raise ValueError(f"patience = {patience}: expected at least 1 cycle")
        self._words, self._patience = words, patience
        self._beats = -(-(1 + words) // 2)  # of a record
        super().__init__(
            {
                "start": In(1),
                "stop": In(1),
                "clear": In(1),
                "address": In(64),
                "count": In(32),
                "busy": Out(1),
                "left": Out(32),
                "fault": Out(range(len(FAULTS))),
                "space": In(1),
                "begin": Out(1),
                "write": Out(1),
                "drop": Out(1),
                "data": Out(32),
                **PORTS,
            }
        )
        # what the proofs in tests/support/axi_properties.py reason about
        self._store = fifo.SyncFIFO(width=8 * BEAT_BYTES + 2, depth=BUFFERED)
        self._pending = Signal(range(BUFFERED + 1))  # beats asked for that have not come
        self._reserved = Signal(range(BUFFERED + 1))
        self._following = Signal(ADDRESS_WIDTH + 1)  # one bit more shows a buffer that runs over the end
        self._word = Signal(range(2 * self._beats))
        self._silence = Signal(range(patience + 1))
        self._idle, self._reading, self._draining = Signal(), Signal(), Signal()
        self._rest = Signal(range(self._beats + 1))  # beats of a record not yet asked for
        self._records = Signal(32)  # records none of whose beats was asked for

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.store = store = self._store
        issued, arrived = Signal(), Signal()
        m.d.comb += [
            issued.eq(self.arvalid & self.arready),
            arrived.eq(self.rvalid & self.rready),
            self.arsize.eq(BEAT_BYTES.bit_length() - 1),
            self.arburst.eq(0b01),  # addresses rise
            self.arcache.eq(0b0011),  # as a processor's buffer: may be merged and buffered, is not cached
            self.rready.eq(self._pending != 0),
            store.w_data.eq(Cat(self.rdata, self.rresp)),
            store.w_en.eq(arrived),
        ]
        reading, silence = self._reading, self._silence
        enable, beyond, silent, owed = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            owed.eq(self.arvalid | (self._pending != 0)),
            silent.eq((silence == self._patience) & (store.level == 0)),  # what came is still handed over
        ]
        m.d.sync += silence.eq(Mux(~owed | issued | arrived, 0, silence + (silence != self._patience)))

        begins = Signal()
        self._issue(m, store, begins, enable & ~owed, beyond)
        wrong, done = self._unpack(m, store, begins, reading)

        def fails(reason: Any) -> Any:
            return self.fault.eq(Mux(self.fault == 0, reason, self.fault))

        with m.If(self.clear):
            m.d.sync += self.fault.eq(0)
        settled = ~owed & (store.level == 0)
        with m.FSM(name="state"):
            with m.State("IDLE"):
                m.d.comb += self._idle.eq(1)
                with m.If(self.start):
                    m.d.sync += [self.left.eq(self.count), self.fault.eq(0)]
                    with m.If(self.address[: BEAT_BYTES.bit_length() - 1].any() | self.address[ADDRESS_WIDTH:].any()):
                        m.d.sync += self.fault.eq(FAULTS.index("address"))
                    with m.Elif(self.count != 0):
                        m.d.comb += begins.eq(1)
                        m.d.sync += self.busy.eq(1)
                        m.next = "READ"
            with m.State("READ"):
                m.d.comb += [reading.eq(1), enable.eq(1)]
                with m.If(wrong.any() | (beyond & settled) | silent | self.stop):
                    m.d.comb += [enable.eq(0), self.drop.eq(1)]
                    m.next = "DRAIN"
                    with m.If(wrong.any()):
                        kind = Mux(wrong[0], FAULTS.index("decode error"), FAULTS.index("slave error"))
                        m.d.sync += fails(kind)
                    with m.Elif(beyond):
                        m.d.sync += fails(FAULTS.index("address"))
                    with m.Elif(silent):
                        m.d.sync += fails(FAULTS.index("no answer"))
                with m.Elif(done):
                    m.d.sync += self.busy.eq(0)
                    m.next = "IDLE"
            with m.State("DRAIN"):
                m.d.comb += [self._draining.eq(1), store.r_en.eq(1)]
                with m.If(settled):
                    m.d.sync += self.busy.eq(0)
                    m.next = "IDLE"
                with m.Elif(silent):
                    m.d.sync += [fails(FAULTS.index("no answer")), self.busy.eq(0)]
                    m.next = "OWED"
            with m.State("OWED"):  # not busy, since nobody knows how long
                m.d.comb += store.r_en.eq(1)
                with m.If(self.start):
                    m.d.sync += [self.left.eq(self.count), self.fault.eq(FAULTS.index("no answer"))]
                with m.If(settled):
                    m.next = "IDLE"
        return m

    def _issue(self, m: Module, store: Any, begins: Signal, enable: Any, beyond: Signal) -> None:
        """Ask for a burst, record by record, where there is room for its beats."""
        records, rest, following, reserved = self._records, self._rest, self._following, self._reserved
        room, length = Signal(range(BURST + 1)), Signal(range(BURST + 1))
        asks, arrived, used = Signal(), self.rvalid & self.rready, store.r_rdy & store.r_en
        m.d.comb += [
            room.eq(BURST - following[3:7]),
            length.eq(Mux(rest < room, rest, room)),
            beyond.eq(following[ADDRESS_WIDTH] & (rest != 0)),
            asks.eq(enable & (rest != 0) & ~beyond & (reserved + length <= BUFFERED)),
        ]
        with m.If(self.arready):
            m.d.sync += self.arvalid.eq(0)
        with m.If(asks):
            m.d.sync += [
                self.arvalid.eq(1),
                self.araddr.eq(following),
                self.arlen.eq(length - 1),
                following.eq(following + (length << 3)),
                rest.eq(rest - length),
            ]
            with m.If((rest == length) & (records != 0)):
                m.d.sync += [rest.eq(self._beats), records.eq(records - 1)]
        with m.If(begins):
            m.d.sync += [following.eq(self.address), rest.eq(self._beats), records.eq(self.count - 1)]
        asked = Mux(asks, length, 0)
        m.d.sync += [reserved.eq(reserved + asked - used), self._pending.eq(self._pending + asked - arrived)]

    def _unpack(self, m: Module, store: Any, begins: Signal, reading: Signal) -> tuple[Signal, Signal]:
        """Hand over 32 bits a cycle. Returns the error bits of the beat at hand, and whether all is handed over."""
        words, word, last = self._words, self._word, 2 * self._beats - 1
        wrong, takes, done = Signal(2), Signal(), Signal()
        high = word[0]
        response = store.r_data[8 * BEAT_BYTES :]
        m.d.comb += [
            # SLVERR is 0b10, DECERR 0b11
            wrong.eq(Mux(reading & store.r_rdy & response[1], Cat(response[0], 1), 0)),
            takes.eq(reading & store.r_rdy & ~response[1] & ((word != 0) | self.space)),
            self.data.eq(store.r_data.word_select(high, 32)),
            self.begin.eq(takes & (word == 0)),
            self.write.eq(takes & (word != 0) & (word <= words)),
            done.eq(takes & (word == last) & (self.left == int(words == last))),
        ]
        with m.If(takes):
            m.d.comb += store.r_en.eq(high)
            m.d.sync += word.eq(Mux(word == last, 0, word + 1))
            with m.If(word == words):  # the store has it whole, whatever becomes of the zeros behind it
                m.d.sync += self.left.eq(self.left - 1)
        with m.If(begins):
            m.d.sync += word.eq(0)
        return wrong, done


def read_records(
    read: Callable[[int], tuple[int, int]], address: int, count: int, words: int
) -> tuple[list[list[int]], str]:
    """Integer model of `SampleReader`: the records that it hands over.

    Parameters
    ----------
    read : callable
        The 64 bits at an address, and the response, as memory gives them.
    address : int
        Address of the first record.
    count : int
        Records.
    words : int
        32-bit words of a sample.

    Returns
    -------
    records : list of list of int
        Label and words of each sample.
    fault : str
        Why it ended early, of `formats.FAULTS`.
    """
    if address % BEAT_BYTES or address >> ADDRESS_WIDTH:
        return [], "address"
    records: list[list[int]] = []
    for _ in range(count):
        record: list[int] = []
        while len(record) < 1 + words:
            if address >> ADDRESS_WIDTH:
                return records, "address"
            value, response = read(address)
            if response & 0b10:
                return records, "decode error" if response & 1 else "slave error"
            record += [value & 0xFFFF_FFFF, value >> 32]
            address += BEAT_BYTES
        records.append(record[: 1 + words])
    return records, "none"
