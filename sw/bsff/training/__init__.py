"""Training a machine: `train` presents and schedules, `evaluate` tests, `run` keeps a run's folder, `pictures` draws."""
