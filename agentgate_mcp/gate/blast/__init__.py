"""The parts of the blast-radius stage: protected names, searches, changes, response targets."""
