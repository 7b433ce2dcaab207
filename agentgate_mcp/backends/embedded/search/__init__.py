"""The search engine: an SPL tree becomes SQL over the telemetry store."""
