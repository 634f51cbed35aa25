"""What measures a machine: `power` by sensors, `energy` by counted operations, `activity` by active taps, `selftest` by known answers."""
