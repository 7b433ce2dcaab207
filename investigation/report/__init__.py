"""Reports: the result of a case as Markdown, and a machine check of its citations."""
