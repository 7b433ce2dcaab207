"""`python -m agentgate_mcp`: serves over stdio when no command is given, as desktop clients do."""

from __future__ import annotations

from agentgate_mcp.cli import main

if __name__ == "__main__":
    main()
