"""How far the estimate of the energy saving can be trusted: ``python -m bsff.studies.energy_estimate``."""
