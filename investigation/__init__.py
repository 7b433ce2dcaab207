"""The investigation: a pure planner that asks for tool calls and writes a case report."""
