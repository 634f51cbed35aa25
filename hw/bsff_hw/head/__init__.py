"""The softmax head: the maps that it reads, walk over active inputs, rows, scores, gains and biases."""
