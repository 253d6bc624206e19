"""Attacks: pure functions of emitted frames (F, P, C) and of what is public; no key, no schedule, no order goes in."""
