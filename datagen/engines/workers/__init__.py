"""Programs that run in an engine's own interpreter. They know nothing of the rest of the package."""
