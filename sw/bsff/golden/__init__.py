"""The golden model: the machine in integers, every bit and every random draw defined; see docs/numerics.md.

`network` runs a whole machine out of `encode`, `layer` and `head`, which stand on `taps`, `pbit`, `pool`, `goodness`,
`softmax` and `update`; `state` is what it remembers, `results` what it returns. `engine` does the same compiled.
"""
