"""The update of a layer: three factors, input bit, response, class error."""

from amaranth.hdl import Module
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import ACTIVITY_WIDTH, BIAS_WIDTH, STEP_WIDTH
from bsff_hw.interfaces import Planned, error_signature, generator_signature, phase_signature
from bsff_hw.layer.forward.planes import plane_read_signature
from bsff_hw.layer.forward.pool import leaving_signature
from bsff_hw.layer.forward.weights import row_read_signature, row_write_signature
from bsff_hw.layer.tally import tally_layout
from bsff_hw.parts.channels import channel_read_signature, channel_write_signature, one_channel_read_signature
from bsff_hw.plan import LayerPlan

from .correlate import Correlate
from .drives import Drives
from .gains import Gains
from .passes import Passes
from .response import ResponseMap
from .rows import Rows
from .sequence import Sequence
from .sites import Sites
from .update import RowUpdate, edit_signature


class Learning(Planned):
    """Learn from a map that was judged. Integer model: `bsff.golden.update.update`.

    Members
    -------
    phase : In(phase_signature())
        The update.
    begin, leaving : In
        A new map begins; its beats as they leave the layer.
    step : In(STEP_WIDTH)
    activity : In(ACTIVITY_WIDTH)
        Running number of ones of the input map.
    errors : Out(error_signature())
    planes : Out(plane_read_signature(plan))
    tallies : Out(channel_read_signature())
    bias, bias_write, row, row_write : Out
        Reads and writes of biases and of weight rows.
    edit : In(edit_signature(plan))
        Reads and writes of single weights by the host.
    saturated : Out
        Weights clipped in this cycle.
    generator : In(generator_signature())
        The generator of the rounding.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "phase": In(phase_signature()),
            "begin": In(1),
            "leaving": In(leaving_signature(plan)),
            "step": In(STEP_WIDTH),
            "activity": In(ACTIVITY_WIDTH),
            "errors": Out(error_signature(plan.classes)),
            "planes": Out(plane_read_signature(plan)),
            "tallies": Out(channel_read_signature(plan.beats, plan.tiles, tally_layout(plan))),
            "bias": Out(one_channel_read_signature(plan.beats, plan.tiles, BIAS_WIDTH)),
            "bias_write": Out(channel_write_signature(plan.beats, plan.tiles, BIAS_WIDTH)),
            "row": Out(row_read_signature(plan)),
            "row_write": Out(row_write_signature(plan)),
            "edit": In(edit_signature(plan)),
            "saturated": Out(range(plan.parts * plan.update_lanes + 1)),
            "generator": In(generator_signature()),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.sequence = sequence = Sequence()
        m.submodules.gains = gains = Gains(plan.classes)
        m.submodules.drives = drives = Drives(plan)
        # the passes are listed three times: the sites are some passes ahead of the rows, and a row is asked for one pass ahead
        m.submodules.site_passes = site_passes = Passes(plan)
        m.submodules.ahead_passes = ahead_passes = Passes(plan)
        m.submodules.row_passes = row_passes = Passes(plan)
        m.submodules.sites = sites = Sites(plan)
        m.submodules.responses = responses = ResponseMap(plan)
        m.submodules.correlate = correlate = Correlate(plan)
        m.submodules.rows = rows = Rows(plan)
        m.submodules.update = update = RowUpdate(plan)
        # what is learnt from, and the sums
        connect(m, flipped(self.leaving), responses.leaving)
        connect(m, site_passes.passes, sites.passes)
        connect(m, sites.planes, flipped(self.planes))
        connect(m, sites.chunks, correlate.chunks)
        connect(m, correlate.words, responses.words)
        connect(m, correlate.sums, rows.sums)
        # the class error scales the changes
        connect(m, sequence.gains, gains.phase)
        connect(m, gains.errors, flipped(self.errors))
        connect(m, drives.tallies, flipped(self.tallies))
        # rows and biases
        connect(m, sequence.rows, rows.phase)
        connect(m, ahead_passes.passes, rows.ahead)
        connect(m, row_passes.passes, rows.passes)
        connect(m, rows.row, flipped(self.row))
        connect(m, rows.updates, update.updates)
        connect(m, update.coefficients, drives.coefficients)
        connect(m, update.moves, drives.moves)
        connect(m, update.write, flipped(self.row_write))
        connect(m, drives.bias, flipped(self.bias))
        connect(m, drives.bias_write, flipped(self.bias_write))
        connect(m, flipped(self.edit), update.edit)
        connect(m, flipped(self.phase), sequence.phase)
        connect(m, flipped(self.generator), rows.generator)
        m.d.comb += [
            responses.begin.eq(self.begin),
            gains.step.eq(self.step),
            gains.number.eq(drives.number),
            drives.gain.eq(gains.gain),
            drives.activity.eq(self.activity),
            drives.start.eq(sequence.scan),
            drives.biases.eq(sequence.biases),
            sequence.scanning.eq(drives.running),
            site_passes.start.eq(sequence.rows.start),
            ahead_passes.start.eq(sequence.rows.start),
            row_passes.start.eq(sequence.rows.start),
            rows.busy.eq(update.busy),
            rows.free.eq(update.free),
            self.saturated.eq(update.saturated),
        ]
        return m
