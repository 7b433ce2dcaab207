"""Writes the bundled synthetic data, byte for byte the same from the same seed."""

from agentgate_mcp.synth.manifest import FileEntry, Manifest
from agentgate_mcp.synth.writer import SEED, case_truth, generate, verify

__all__ = ["SEED", "FileEntry", "Manifest", "case_truth", "generate", "verify"]
