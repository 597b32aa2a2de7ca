"""Shares: which of several relays may take the next delivery, by their weights.

A relay takes while it is not ahead of its share, as far as the others are in use; one that stands
in (weight 0) takes while none of the others can be used.
"""

from collections.abc import Sequence

from mailer.delivery.gate import Gate

_REMEMBERED = 10_000


class Shares:
    """Counts what each gate took, lately."""

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._took = dict.fromkeys(gates, 0.0)
        self._alone = len(gates) < 2

    def may_take(self, gate: Gate) -> bool:
        if self._alone:
            return True
        others = [
            other
            for other in self._took
            if other is not gate and other.relay.weight and not other.shut_for
        ]
        if not gate.relay.weight or not others:
            return not others
        # As much as its connections have in hand it may be ahead, or it would wait for itself.
        slack = gate.relay.connections / gate.relay.weight
        return self._of(gate) <= min(map(self._of, others)) + slack

    def took(self, gate: Gate) -> None:
        if self._alone:
            return
        self._took[gate] += 1
        if sum(self._took.values()) > _REMEMBERED:
            for one in self._took:
                self._took[one] /= 2

    def returned(self, gate: Gate) -> None:
        """It could not be used for a while, and needs not make up for that."""
        others = [self._of(other) for other in self._took if other is not gate
                  and other.relay.weight]  # fmt: skip
        if others:
            self._took[gate] = max(self._took[gate], max(others) * gate.relay.weight)

    def _of(self, gate: Gate) -> float:
        return self._took[gate] / gate.relay.weight
