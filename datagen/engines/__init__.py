"""Other programs as renderers: they draw what this package chose, and every picture is checked."""
