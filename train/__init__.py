"""Models, losses, data feed, the fit loop, metrics, export and inference, in Paddle."""
