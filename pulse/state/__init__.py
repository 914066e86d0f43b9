"""Key-value state and checkpoints."""
