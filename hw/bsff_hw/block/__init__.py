"""What a layer and the head share: ports, controller, verdict (softmax, class errors, logits for the host), double buffer."""
