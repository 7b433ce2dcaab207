"""Measured speed and quality: each suite prints its figures beside a baseline of the same run."""
