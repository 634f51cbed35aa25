"""Room layer."""
