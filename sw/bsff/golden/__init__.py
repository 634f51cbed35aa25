"""Golden model: the machine in integers, every bit and every random draw defined. See docs/numerics.md."""
