"""Does it fit, and how fast: synthesis with open tools, counted for each component.

`synthesise` takes the text of a Verilog design and a target; `Report` is what it found, `table` prints it.
"""

from .flow import synthesise
from .report import Report, Timing, table
from .summary import summary
from .tools import SynthesisError

__all__ = ["Report", "SynthesisError", "Timing", "summary", "synthesise", "table"]
