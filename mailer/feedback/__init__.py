"""Feedback: what comes back, and what follows from it.

Bounces and complaints are not read here yet. What they will need is sent already: each envelope
sender names its delivery (`tokens.Signer.read_verp`), and audience suppresses by reason.
"""

__all__: list[str] = []
