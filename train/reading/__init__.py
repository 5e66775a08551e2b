"""Reading whole photos: find the lines, turn them upright, read them, write down what stood where."""
