"""Membership: who belongs, until when, and who has paid.

The register of members is not kept here yet. Until it is, audience keeps `member_from` and
`member_until` of each subscriber, as `subscribers import` reads them; once it is, this room
writes those two dates through audience's door, and nothing else of audience.
"""

__all__: list[str] = []
