"""Effects: objects of the recipe that draw their parameters for a batch of lines and apply them to one picture."""
