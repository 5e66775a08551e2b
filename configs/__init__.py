"""Ready configurations (data only)."""
