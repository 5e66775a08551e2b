"""Rendering text: plan, draw, check, write."""
