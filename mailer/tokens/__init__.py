"""Signed links and envelope senders: made here, and believed only from here.

1. `Signer` is made once from the site's keys. The first key signs; old keys only verify.
2. `signer.link(purpose, ids…)` gives the token of a link; `signer.read(purpose, token)` gives
   back what it says, or raises `BadToken`. A token carries ids, never an address.
3. `confirm_path`, `address_path`, `preferences_path` and `letter_links` make a reader's links with
   it: which page each leads to, and how long it is good.
4. `signer.verp(delivery)` gives the token of an envelope sender; `signer.read_verp(token)`
   gives back the delivery, without regard to case (mail systems change it).

A token is believed only if decoding and encoding it again gives the same characters, and its
MAC (HMAC-SHA-256, cut to 128 bits; 64 for VERP) is right under a key we know, for that purpose.
"""

from mailer.tokens.links import BadToken, Claim, ExpiredToken, Purpose
from mailer.tokens.reader_links import (
    LinksOf,
    address_path,
    confirm_path,
    letter_links,
    preferences_path,
)
from mailer.tokens.signer import Signer

__all__ = [
    "BadToken",
    "Claim",
    "ExpiredToken",
    "LinksOf",
    "Purpose",
    "Signer",
    "address_path",
    "confirm_path",
    "letter_links",
    "preferences_path",
]
