"""The sensors and boards that are simulated."""

from .board import Conditions, Sensor
from .coverage import Case

SLOWEST = 16.884288
"""Seconds: an INA226 with 1,024 averages of two conversions of 8.244 ms (SBOS547B)."""
CASES = (
    Case("power each 20 ms", Sensor("sample", 1e-3, 0.02)),
    Case("mean of 0.1 s in blocks"),
    Case("mean of 1 s, moving, renewed each 0.1 s", Sensor("moving", 1.0, 0.1)),
    Case("mean of 4.2 s in blocks", Sensor("block", SLOWEST / 4)),
    Case("mean of 4.2 s, moving", Sensor("moving", SLOWEST / 4, 0.1)),
    Case("mean of 16.9 s in blocks", Sensor("block", SLOWEST)),
    Case("mean of 16.9 s, moving", Sensor("moving", SLOWEST, 0.5)),
    Case("counter of energy, each 0.1 s", Sensor("counter", 0.1)),
    Case("counter of energy, each second", Sensor("counter", 1.0)),
    Case("counter, joules rounded to 0.1", Sensor("counter", 0.1, step=0.1)),
    Case("jitter of 30 % of a second", Sensor("block", 1.0, jitter=0.3)),
    Case("rounded to 20 mW, noise of 5 mW", Sensor(step=0.02)),
    Case("rounded to 20 mW, noise of 20 mW", Sensor(step=0.02, noise=0.02)),
    Case("drift of 1 W an hour", conditions=Conditions(drift=1.0)),
    Case("drift of 1 W an hour, blocks of 16.9 s", Sensor("block", SLOWEST), conditions=Conditions(drift=1.0)),
    Case("a wave of 0.3 W beside", conditions=Conditions(ripple=0.3)),
    Case("30 % of the readings lost", Sensor(dropped=0.3)),
    Case("states that come back 50 mW off", conditions=Conditions(wander=0.05)),
    Case("states that come back exactly", conditions=Conditions(wander=0.0)),
)
"""Sensors whose driver or registers tell how quickly they answer. The interval is wanted to hold in 95 %."""
BOUNDED = (
    Case("power each second", Sensor("sample", 1e-3, 1.0), declared=False),
    Case("mean of 0.1 s in blocks", declared=False),
    Case("mean of 1 s, moving, renewed each 0.1 s", Sensor("moving", 1.0, 0.1), declared=False),
    Case("mean of 4.2 s in blocks", Sensor("block", SLOWEST / 4), declared=False),
    Case("mean of 16.9 s in blocks", Sensor("block", SLOWEST), declared=False),
    Case("mean of 16.9 s, moving", Sensor("moving", SLOWEST, 0.5), declared=False),
    Case("decays with 0.5 s", Sensor("exponential", 0.5, 0.1), declared=False),
    Case("decays with 5 s", Sensor("exponential", 5.0, 0.1), declared=False),
    Case("counter of energy, each second", Sensor("counter", 1.0), declared=False),
    Case("told; rounded to 0.13 W on a board without noise", Sensor(noise=0.001, step=0.13)),
)
"""What is left of a step, or rounding, is bounded; the intervals hold it always, so they hold the truth oftener than 95 %."""
EXAMPLES = (Case("mean of 16.9 s", Sensor("block", SLOWEST)), Case("mean of 4.2 s", Sensor("block", SLOWEST / 4)))
"""The two sensors of which the instrument once gave a wrong energy without a warning."""
