"""The executor: the only way from a request to a tool body (R1)."""
