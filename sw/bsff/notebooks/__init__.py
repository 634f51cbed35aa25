"""Notebooks; ``pynq get-notebooks bsff`` copies them to where one works."""
