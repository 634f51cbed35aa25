"""How often the intervals of `bsff power` hold the truth, by simulation: ``python -m bsff.studies.power_coverage``."""
