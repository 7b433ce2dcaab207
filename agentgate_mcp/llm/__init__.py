"""Advisory text by models: asked after a decision, attached as a note, never part of a verdict (R5)."""
