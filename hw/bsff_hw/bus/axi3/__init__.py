"""Room axi3."""
