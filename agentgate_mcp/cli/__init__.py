"""The command line: one small module per command group, loaded when it is used."""

from __future__ import annotations


def main() -> None:
    """Entry point of `agentgate-mcp`."""
    from agentgate_mcp.cli.boundary import run

    run()
