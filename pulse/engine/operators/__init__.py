"""One operator per file: the machine of each step of the logical graph."""
