"""Who may use which memory of a layer, and when."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import BIAS_WIDTH
from bsff_hw.interfaces import Planned
from bsff_hw.parts.channels import (
    ChannelMemory,
    channel_read_signature,
    channel_write_signature,
    one_channel_read_signature,
)
from bsff_hw.plan import LayerPlan

from .access import bias_edit_signature
from .forward.weights import row_read_signature, row_write_signature
from .goodness import mean_signature


class Memories(Planned):
    """Hold the biases, and share the ports of the memories among forward pass, update and host.

    After a reset every word is cleared, a word a cycle; nobody else writes meanwhile.

    Members
    -------
    cleared : Out(1)
    learning : In(1)
        The update is at work.
    fire_bias, learn_bias : In(channel_read_signature())
        Biases for the p-bits, which also say when a read takes place, and for the update.
    bias_write : In(channel_write_signature())
    bias_edit : In(bias_edit_signature(plan))
        The host's bias.
    learn_row, edit_row : In(row_read_signature(plan))
        Reads by the update, and by the host while no update is at work.
    row : Out(row_read_signature(plan))
        The row that one of the two asks for, read from the weight memories.
    row_write : In(row_write_signature(plan))
        Rows that the update writes; the host's weights come the same way.
    write : Out(row_write_signature(plan))
        The write port of the weight memories.
    mean_edit : In(mean_signature(plan))
        The host's running mean.
    means : Out(mean_signature(plan))
        The memory of the running means.
    """

    def ports(self, plan: LayerPlan) -> dict:
        biases = channel_read_signature(plan.beats, plan.tiles, BIAS_WIDTH)
        return {
            "cleared": Out(1),
            "learning": In(1),
            "fire_bias": In(biases),
            "learn_bias": In(one_channel_read_signature(plan.beats, plan.tiles, BIAS_WIDTH)),
            "bias_write": In(channel_write_signature(plan.beats, plan.tiles, BIAS_WIDTH)),
            "bias_edit": In(bias_edit_signature(plan)),
            "learn_row": In(row_read_signature(plan)),
            "edit_row": In(row_read_signature(plan)),
            "row": Out(row_read_signature(plan)),
            "row_write": In(row_write_signature(plan)),
            "write": Out(row_write_signature(plan)),
            "mean_edit": In(mean_signature(plan)),
            "means": Out(mean_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        last = max(plan.depth, plan.channels) - 1
        clearing, word = Signal(init=1), Signal(range(last + 1))
        with m.If(clearing):
            m.d.sync += word.eq(word + 1)
            with m.If(word == last):
                m.d.sync += clearing.eq(0)
        m.d.comb += self.cleared.eq(~clearing)
        self._weights(m, clearing, word)
        self._biases(m, clearing, word)
        m.d.comb += [
            self.means.address.eq(Mux(clearing, word, self.mean_edit.address)),
            self.means.write.eq(clearing | self.mean_edit.write),
            self.means.data.eq(Mux(clearing, 0, self.mean_edit.data)),
            self.mean_edit.read.eq(self.means.read),
        ]
        return m

    def _weights(self, m: Module, clearing: Signal, word: Signal) -> None:
        row, learn, edit = self.row, self.learn_row, self.edit_row
        m.d.comb += [
            row.enable.eq(learn.enable | edit.enable),
            row.bank.eq(Mux(self.learning, learn.bank, edit.bank)),
            row.address.eq(Mux(self.learning, learn.address, edit.address)),
            learn.rows.eq(row.rows),
            edit.rows.eq(row.rows),
            self.write.address.eq(Mux(clearing, word, self.row_write.address)),
            # what the update would write is 0 after a reset, and stays so while the host's accesses wait
            self.write.rows.eq(self.row_write.rows),
        ]
        for part in range(self._plan.parts):
            m.d.comb += self.write.banks[part].eq(Mux(clearing, 2**self._plan.banks - 1, self.row_write.banks[part]))

    def _biases(self, m: Module, clearing: Signal, word: Signal) -> None:
        """The biases are read by the p-bits, then by the update, else by the host."""
        plan, edit = self._plan, self.bias_edit
        m.submodules.biases = store = ChannelMemory(plan.channels, plan.tiles, BIAS_WIDTH)
        chosen = Signal(BIAS_WIDTH)  # one choice for both who want a channel
        idle = Mux(edit.request, edit.beat, self.fire_bias.address)
        m.d.comb += [
            store.read.enable.eq(1),  # whoever reads looks at the word a cycle after the address, and at no later time
            store.read.address.eq(Mux(self.learning, self.learn_bias.address, idle)),
            self.fire_bias.word.eq(store.read.word),
            chosen.eq(store.read.word[Mux(self.learning, self.learn_bias.unit, edit.unit)]),
            self.learn_bias.word.eq(chosen),
            edit.read.eq(chosen),
        ]
        write = store.write  # a cycle later
        with m.If(clearing):
            m.d.sync += [write.address.eq(word), write.mask.eq(2**plan.tiles - 1)]
        with m.Elif(edit.write):
            m.d.sync += [write.address.eq(edit.beat), write.mask.eq(1 << edit.unit)]
        with m.Else():
            m.d.sync += [write.address.eq(self.bias_write.address), write.mask.eq(self.bias_write.mask)]
        for unit in range(plan.tiles):
            value = Mux(edit.write, edit.data, self.bias_write.words[unit])
            m.d.sync += write.words[unit].eq(Mux(clearing, 0, value))
