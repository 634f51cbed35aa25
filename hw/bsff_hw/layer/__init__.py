"""A layer that learns by itself: forward pass, goodness, update, and the memories that they share."""
