"""The common line in C: the same bytes as the Python path, in a third of the time, where there is a compiler."""
