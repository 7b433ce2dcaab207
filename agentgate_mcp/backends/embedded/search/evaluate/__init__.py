"""Eval expressions as SQL."""
