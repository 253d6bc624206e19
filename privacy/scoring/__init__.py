"""Scores: how much of the key, of the picture or of the network's answers an attack found; these hold the key."""
