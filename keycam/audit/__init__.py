"""`keycam audit`: what an eavesdropper learns from the frames that a camera emits under a readout policy.

`plan` says what is asked, `footage` what the camera looks at, `emission` what travels and what only the scorer knows. The
attacks are cases (`ciphertext_only`, `plaintext`, `histogram`, `single_frame`, `tables`), tried by a process of its own
(`attacking`) that never sees a key; `partial_key` needs no attacker. `run` puts them together, `report` writes them down.
"""
