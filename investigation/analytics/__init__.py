"""Pure functions from rows to findings, one module per behaviour."""
