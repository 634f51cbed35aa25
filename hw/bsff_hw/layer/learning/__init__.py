"""Room learning."""
