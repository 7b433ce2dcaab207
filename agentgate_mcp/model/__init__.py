"""Frozen value types, shared by every layer. Nothing here does anything."""
