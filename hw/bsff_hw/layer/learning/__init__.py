"""From a class error to new weights: gains, sites, responses, sums over positions, rows, biases."""
