"""The record of everything: append-only, chained, durable before anything is released."""
