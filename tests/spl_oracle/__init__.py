"""A second implementation of the search language in plain Python, to judge the engine by."""
