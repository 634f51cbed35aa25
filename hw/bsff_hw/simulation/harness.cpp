// The verilated machine behind a C interface: an AXI4-Lite master, and memory that the machine may read.

#include <cstdint>
#include <deque>
#include <map>

#include "simulator.h"

namespace {

constexpr uint64_t MEMORY_LATENCY = 30;  // cycles until the first beat of a burst, about that of an HP port
constexpr uint64_t BEAT = 8;

// The host's buffers, as the machine reads them: AXI3, 64 bits, a beat a cycle.
class Memory {
public:
    // Words of the host at a byte address; it keeps them alive.
    void attach(uint64_t address, const uint32_t* words, uint64_t count) { m_regions[address] = {words, 4 * count}; }

    void silence(bool silent) { m_silent = silent; }

    // What memory says in this cycle.
    void drive(Vbsff& model, uint64_t now) const {
        const bool valid = !m_silent && !m_beats.empty() && m_beats.front().due <= now;
        model.m_axi_arready = m_beats.empty();
        model.m_axi_rvalid = valid;
        model.m_axi_rid = 0;
        model.m_axi_rlast = valid && m_beats.front().last;
        model.m_axi_rdata = valid ? word(m_beats.front().address, model.m_axi_rresp) : 0;
    }

    // The clock's edge, with the master's answer settled.
    void edge(const Vbsff& model, uint64_t now) {
        if (model.m_axi_rvalid && model.m_axi_rready) m_beats.pop_front();
        if (!(model.m_axi_arvalid && model.m_axi_arready)) return;
        const unsigned beats = model.m_axi_arlen + 1u;
        for (unsigned i = 0; i < beats; ++i)
            m_beats.push_back({model.m_axi_araddr + BEAT * i, now + MEMORY_LATENCY + i, i + 1 == beats});
    }

private:
    struct Region { const uint32_t* words; uint64_t bytes; };
    struct Beat { uint64_t address, due; bool last; };

    template <typename Response> uint64_t word(uint64_t address, Response& response) const {
        auto region = m_regions.upper_bound(address);
        response = DECERR;
        if (region == m_regions.begin()) return 0;
        --region;
        const uint64_t offset = address - region->first;
        if (offset + BEAT > region->second.bytes) return 0;
        response = 0;
        const uint32_t* pair = region->second.words + offset / 4;
        return pair[0] | static_cast<uint64_t>(pair[1]) << 32;
    }

    std::map<uint64_t, Region> m_regions;
    std::deque<Beat> m_beats;
    bool m_silent = false;
};

class Machine : public Simulator {
public:
    Machine(uint32_t seed, const char* waves, uint32_t limit) : Simulator{seed, waves}, m_limit{limit} {
        m_model->aclk = 0;
        m_model->aresetn = 0;
        m_model->s_axi_awvalid = m_model->s_axi_wvalid = m_model->s_axi_bready = 0;
        m_model->s_axi_arvalid = m_model->s_axi_rready = 0;
        m_model->s_axi_awaddr = m_model->s_axi_araddr = 0;
        m_model->s_axi_awprot = m_model->s_axi_arprot = 0;
        m_model->s_axi_wdata = 0;
        m_model->s_axi_wstrb = 0;
        run(RESET_CYCLES);
        m_model->aresetn = 1;
        run(1);
        m_cycles = 0;
    }

    Memory& memory() { return m_memory; }

    int read(uint32_t offset, uint32_t* value) {
        if (m_hung) return TIMEOUT;
        enter();
        m_model->s_axi_araddr = offset;
        m_model->s_axi_arvalid = 1;
        m_model->s_axi_rready = 1;
        for (uint32_t cycle = 0; cycle < m_limit; ++cycle) {
            settle();
            const bool address = m_model->s_axi_arvalid && m_model->s_axi_arready;
            const bool done = m_model->s_axi_rvalid;
            const int response = m_model->s_axi_rresp;
            *value = m_model->s_axi_rdata;
            edge();
            if (address) m_model->s_axi_arvalid = 0;
            if (done) {
                m_model->s_axi_rready = 0;
                return status(response);
            }
        }
        return hang();
    }

    // Address and data are offered together; the design takes them in any order.
    int write(uint32_t offset, uint32_t value) {
        if (m_hung) return TIMEOUT;
        enter();
        m_model->s_axi_awaddr = offset;
        m_model->s_axi_awvalid = 1;
        m_model->s_axi_wdata = value;
        m_model->s_axi_wstrb = 0xF;
        m_model->s_axi_wvalid = 1;
        m_model->s_axi_bready = 1;
        for (uint32_t cycle = 0; cycle < m_limit; ++cycle) {
            settle();
            const bool address = m_model->s_axi_awvalid && m_model->s_axi_awready;
            const bool data = m_model->s_axi_wvalid && m_model->s_axi_wready;
            const bool done = m_model->s_axi_bvalid;
            const int response = m_model->s_axi_bresp;
            edge();
            if (address) m_model->s_axi_awvalid = 0;
            if (data) m_model->s_axi_wvalid = 0;
            if (done) {
                m_model->s_axi_bready = 0;
                return status(response);
            }
        }
        return hang();
    }

    void run(uint32_t cycles) {
        enter();
        for (uint32_t cycle = 0; cycle < cycles; ++cycle) {
            settle();
            edge();
        }
    }

    void run_while_busy(uint32_t cycles) {
        enter();
        for (uint32_t cycle = 0; cycle < cycles && m_model->busy; ++cycle) {
            settle();
            edge();
        }
    }

private:
    // What the design answers to the inputs of this cycle.
    void settle() {
        m_memory.drive(*m_model, m_cycles);
        m_model->aclk = 0;
        step();
    }

    void edge() {
        if (m_model->aresetn) m_memory.edge(*m_model, m_cycles);
        m_model->aclk = 1;
        step();
        ++m_cycles;
    }

    static int status(int response) { return response & 2 ? (response & 1 ? DECERR : SLVERR) : OK; }

    // AXI cannot take a request back, so that a late answer would be taken for that of the next access.
    int hang() {
        m_hung = true;
        return TIMEOUT;
    }

    Memory m_memory;
    uint32_t m_limit;
    bool m_hung = false;
};

}  // namespace

// `seed`: of the registers that reset does not set, 1 or more (Verilator takes 0 as a wish for any); `waves` may be
// null; `limit`: cycles that an access may take.
API Machine* bsff_create(uint32_t seed, const char* waves, uint32_t limit) {
    return created<Machine>([&] { return new Machine{seed, waves, limit}; });
}

API int bsff_destroy(Machine* machine) { return destroyed(machine); }

API int bsff_read(Machine* machine, uint32_t offset, uint32_t* value) {
    return guarded([&] { return machine->read(offset, value); });
}

API int bsff_write(Machine* machine, uint32_t offset, uint32_t value) {
    return guarded([&] { return machine->write(offset, value); });
}

// Lets the machine read `count` words of the host at a byte address, a multiple of 8; the host keeps them until it
// destroys the machine.
API int bsff_attach(Machine* machine, uint64_t address, const uint32_t* words, uint64_t count) {
    return guarded([&] {
        machine->memory().attach(address, words, count);
        return OK;
    });
}

// Memory that takes addresses and gives nothing, to show what the machine makes of it.
API int bsff_silence(Machine* machine, int silent) {
    return guarded([&] {
        machine->memory().silence(silent != 0);
        return OK;
    });
}

// Writes how often each bit has changed since the start; only a machine that was built for it can.
API int bsff_toggles(Machine* machine, const char* path) {
    return guarded([&] {
        machine->toggles(path);
        return OK;
    });
}

// Advances the clock; with `while_busy` only for as long as the output `busy` is high.
API int bsff_run(Machine* machine, uint32_t cycles, int while_busy) {
    return guarded([&] {
        if (while_busy) {
            machine->run_while_busy(cycles);
        } else {
            machine->run(cycles);
        }
        return OK;
    });
}

API uint64_t bsff_cycles(const Machine* machine) { return machine->cycles(); }
