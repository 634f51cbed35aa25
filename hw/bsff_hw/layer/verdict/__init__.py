"""Room verdict."""
