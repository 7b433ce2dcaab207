"""The gate: pure stages that turn a call, a session and a world into a verdict."""
