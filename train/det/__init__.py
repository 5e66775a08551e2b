"""Text detection: networks, label maps, losses, post-processing, metrics, and reading whole photos."""
