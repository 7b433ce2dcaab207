"""The graph of knowledge objects: what depends on what, and what a change breaks. No I/O."""
