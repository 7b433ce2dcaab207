"""The durable, tamper-evident record (DESIGN §8)."""
