// The verilated machine behind a C interface: the two pins of its serial line, a level each in every clock cycle.

#include <cstdint>

#include "simulator.h"

namespace {

class Machine : public Simulator {
public:
    Machine(uint32_t seed, const char* waves) : Simulator{seed, waves} {
        m_model->clk = 0;
        m_model->rx = 1;
        reset();
        m_cycles = 0;
    }

    void reset() {
        enter();
        m_model->rst = 1;
        for (int cycle = 0; cycle < RESET_CYCLES; ++cycle) tick();
        m_model->rst = 0;
    }

    // `given` may be null: the line is idle. `taken` gets the level of tx at the end of each cycle.
    void run(const uint8_t* given, uint8_t* taken, uint32_t count) {
        enter();
        for (uint32_t cycle = 0; cycle < count; ++cycle) {
            m_model->rx = given ? given[cycle] & 1 : 1;
            tick();
            taken[cycle] = m_model->tx;
        }
    }

private:
    void tick() {
        m_model->clk = 0;
        step();
        m_model->clk = 1;
        step();
        ++m_cycles;
    }
};

}  // namespace

// `seed` as in harness.cpp; `waves` may be null.
API Machine* bsff_create(uint32_t seed, const char* waves) {
    return created<Machine>([&] { return new Machine{seed, waves}; });
}

API int bsff_destroy(Machine* machine) { return destroyed(machine); }

API int bsff_reset(Machine* machine) {
    return guarded([&] {
        machine->reset();
        return OK;
    });
}

API int bsff_line(Machine* machine, const uint8_t* given, uint8_t* taken, uint32_t count) {
    return guarded([&] {
        machine->run(given, taken, count);
        return OK;
    });
}

API uint64_t bsff_cycles(const Machine* machine) { return machine->cycles(); }
