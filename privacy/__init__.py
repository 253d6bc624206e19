"""What an attacker learns: attacks on emitted frames, and scores by the holder of the key.

`privacy.attacks` sees frames as they travel and what is public; nothing in it takes a key. `privacy.scoring` holds the key
and says how much of it, or of the picture, an attack found.
"""
