"""Texts to render and the characters that a model knows."""
