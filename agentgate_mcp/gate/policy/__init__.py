"""The policy engine: typed conditions over typed facts, loaded from reviewed files."""
