"""What measures a machine: `power` by sensors of a board, `energy` by counted operations, `selftest` by known answers."""
