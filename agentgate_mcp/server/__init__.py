"""MCP wiring: everything between a client's bytes and the gatekeeper, and nothing that decides."""
