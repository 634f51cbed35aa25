"""Room bus."""
