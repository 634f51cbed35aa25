"""What software and gateware agree on.

`formats` holds every width and code, `geometry` the shapes of a network, `numerics` turns settings into register
values, `registers` is the register table, `check` and `able` say what cannot be trained or built.
"""
