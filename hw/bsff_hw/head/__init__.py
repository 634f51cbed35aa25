"""Room head."""
