"""The public vocabulary: builds the logical graph, never executes."""
