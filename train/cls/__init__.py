"""Which way up a line stands: 0 or 180 degrees."""
