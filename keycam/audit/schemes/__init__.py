"""`keycam audit --scheme`: what an eavesdropper learns from pictures under each peer's scheme, or under our own.

`audited` is one scheme with a throw-away key and what it is fed. `recovery` tries frames alone, known scenes and chosen ones,
`values` what no key changes, `single_frame` a large frame, `feature_maps` what a network's layers emit, `tables` what a keyed
network is made of. `run` puts them together.
"""
