"""Real photos with text: the record types, one reader per format, the catalogue, download."""
