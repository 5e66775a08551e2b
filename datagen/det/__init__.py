"""Scenes for detection: several text lines on photos, with the polygons of lines and characters."""
