"""The numerics are a contract: a fixed machine must end with these bits, today and on every platform.

The digest changes only when docs/numerics.md does; then every bitstream and checkpoint is of another version, and
`registers.ABI_VERSION` must rise with it. The samples and the first state are integers drawn by NumPy's PCG64.
"""

import hashlib

import numpy as np

from bsff.config import parse
from bsff.contract import registers
from bsff.contract.geometry import geometry
from bsff.golden import engine, network
from bsff.golden.state import NetworkState, blank

CONTRACT = (4, "d965a29c4e417d7907012ca1bedf2a102cab25a67a5c9c37cf63f5add0c341be")
"""ABI version and SHA-256 of every array of the final state."""


def digest(state: NetworkState) -> str:
    total = hashlib.sha256()
    for name, array in state.arrays():
        total.update(name.encode())
        total.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return total.hexdigest()


def test_a_fixed_machine_ends_with_the_same_bits() -> None:
    config = parse(
        {
            "layer": [
                {"channels": 20, "kernel": 3, "pool": 2, "tile": 2},
                {"channels": 20, "kernel": 3, "groups": 10, "eligibility": "xor"},
                {"channels": 30, "kind": "dense", "momentum_shift": 5},
            ],
            "data": {"encoding": "bernoulli"},
        }
    )
    shape = geometry(config)
    rng = np.random.default_rng(2507_06461)
    state = blank(shape)
    state.encoder[...] = 12345
    for number, part in enumerate(state.layers, 1):
        part.weights[:] = rng.integers(-600, 600, part.weights.shape)
        part.bias[:] = rng.integers(-(2**17), 2**15, part.bias.shape)
        part.pbits[...], part.rounding[...] = 1000 + number, 2000 + number
        part.step[...], part.scale[...], part.gate[...], part.learn[...] = 3000, 2000, 300, True
    assert state.head is not None
    head = state.head
    head.rounding[...], head.step[...], head.gate[...], head.learn[...] = 77, 5000, 100, True
    pixels = rng.integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
    labels = rng.integers(0, 10, 60, dtype=np.uint8)
    compiled = state.copy()
    network.run(config, shape, state, pixels, labels)
    engine.run(config, shape, compiled, pixels, labels)
    assert digest(state) == digest(compiled)
    assert (registers.ABI_VERSION, digest(state)) == CONTRACT
