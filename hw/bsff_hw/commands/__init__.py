"""Commands of `bsff` that need the gateware; each module has ``add`` and ``run``."""
