"""Fonts: where they are, what they can draw, what their licence says."""
