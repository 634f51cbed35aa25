"""The softmax head on the last map: map, walk over active inputs, rows, scores, gains and biases."""
