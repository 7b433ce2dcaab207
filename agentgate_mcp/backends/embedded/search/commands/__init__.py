"""What each SPL command does to a relation."""
