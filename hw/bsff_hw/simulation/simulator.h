// What every verilated design has behind its C interface: errors that do not end the process, a context of its own, a
// clock, a reset, and waves. A design includes this, and says of its model which signals are clock and reset.
//
// One handle is one machine with its own Verilator context, so that several live in a process without touching each
// other. A handle must not be used by two threads at once.

#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "Vbsff.h"
#include "verilated.h"
#if VM_COVERAGE
#include "verilated_cov.h"
#endif
#if VM_TRACE_FST
#include "verilated_fst_c.h"
#endif

// By default Verilator ends the process on a fatal error; a library must not.
void vl_fatal(const char* file, int line, const char*, const char* text) {
    throw std::runtime_error(std::string(file ? file : "") + ":" + std::to_string(line) + ": " + (text ? text : ""));
}
void vl_stop(const char* file, int line, const char*) {
    throw std::runtime_error(std::string(file ? file : "") + ":" + std::to_string(line) + ": $stop");
}
void vl_finish(const char* file, int line, const char*) {
    throw std::runtime_error(std::string(file ? file : "") + ":" + std::to_string(line) + ": $finish");
}

namespace {

// Returned by every access; `library.py` has the same numbers.
enum Status : int { OK = 0, TIMEOUT = 1, SLVERR = 2, DECERR = 3, STOPPED = 4 };  // 2 and 3 are also AXI's

constexpr int RESET_CYCLES = 16;
constexpr uint64_t HALF_PERIOD = 5;  // ns in the waves: a clock of 100 MHz

class Simulator {
public:
    Simulator(uint32_t seed, const char* waves) : m_context{new VerilatedContext} {
        Verilated::threadContextp(m_context.get());  // the model's constructor draws from this thread's context
        m_context->randReset(2);                     // every register that has no initial value starts random
        m_context->randSeed(static_cast<int>(seed));
#if VM_TRACE_FST
        if (waves) m_context->traceEverOn(true);
#endif
        m_model.reset(new Vbsff{m_context.get(), "TOP"});
        if (waves) open_waves(waves);
    }

    // Waves are closed, and so complete, even where the design complains at its end.
    void finish() {
        enter();
#if VM_TRACE_FST
        if (m_waves) m_waves->close();
#endif
        m_model->final();
    }

    uint64_t cycles() const { return m_cycles; }

    // How often each bit has changed, in Verilator's format.
    void toggles(const char* path) {
#if VM_COVERAGE
        enter();
        m_context->coveragep()->write(path);
#else
        throw std::runtime_error(std::string("built without counting toggles: ") + path);
#endif
    }

protected:
    // The thread that calls is the one that simulates.
    void enter() { Verilated::threadContextp(m_context.get()); }

    void step() {
        m_model->eval();
#if VM_TRACE_FST
        if (m_waves) m_waves->dump(m_context->time());
#endif
        m_context->timeInc(HALF_PERIOD);
    }

private:
    void open_waves(const char* path) {
#if VM_TRACE_FST
        m_waves.reset(new VerilatedFstC);
        m_model->trace(m_waves.get(), 99);
        m_waves->open(path);
        if (!m_waves->isOpen()) throw std::runtime_error(std::string("cannot write ") + path);
#else
        throw std::runtime_error(std::string("built without waves: ") + path);
#endif
    }

    std::unique_ptr<VerilatedContext> m_context;  // outlives the model

protected:
    std::unique_ptr<Vbsff> m_model;  // outlives its waves
    uint64_t m_cycles = 0;

private:
#if VM_TRACE_FST
    std::unique_ptr<VerilatedFstC> m_waves;
#endif
};

thread_local std::string s_message;

// No C++ exception may reach Python.
template <typename Body> int guarded(Body body) {
    try {
        return body();
    } catch (const std::exception& error) {
        s_message = error.what();
        return STOPPED;
    }
}

// A machine made by `make`, or nothing.
template <typename Machine, typename Make> Machine* created(Make make) {
    Machine* machine = nullptr;
    guarded([&] {
        machine = make();
        return OK;
    });
    return machine;
}

template <typename Machine> int destroyed(Machine* machine) {
    const std::unique_ptr<Machine> owned{machine};
    return guarded([&] {
        owned->finish();
        return OK;
    });
}

}  // namespace

#define API extern "C" __attribute__((visibility("default")))

// Why the last call of this thread gave STOPPED, or create gave nothing.
API const char* bsff_message() { return s_message.c_str(); }
