"""Pure functions from rows to signals, one module per behaviour."""
