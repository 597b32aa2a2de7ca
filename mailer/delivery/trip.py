"""A trip: the deliveries that go over one connection, from its opening to its end.

1. A delivery's envelope is written; 354 lets its message go, all but the final dot.
2. The book is told that it is about to pass the dot. In the same commit stands what became of the
   delivery before it.
3. Once that is durable, the dot is passed, and behind it, in the same write, goes the envelope of
   the next delivery, where the relay reads ahead.
4. The reply says what becomes of it; the next delivery has its 354 by then.

Nothing here waits: the wire tells what came, the book what is durable, and a clock that is asked
now and then what took too long. However a connection ends, each delivery on it has one outcome:
past its dot and unanswered it is in doubt; before that it is tried again; one whose envelope was
written behind another's dot goes back untouched.
"""

import asyncio
import random
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from mailer.database import database_error
from mailer.delivery import wire
from mailer.delivery.claim import Claimed
from mailer.delivery.dialogue import Happened, OutOfStep, Step
from mailer.delivery.disposition import Disposition, Reply, Stage, Verdict, judge
from mailer.delivery.gate import Gate
from mailer.delivery.load import Equipment, Load
from mailer.delivery.pace import RelayPace
from mailer.delivery.record import Outcome, doubt_of, outcome_of
from mailer.delivery.smtp import Connection
from mailer.errors import WrongInput

IDLE_S = 20.0
SHARE_S = 0.02
"""A relay that has had its share looks this often whether the others have had theirs."""
READS_AHEAD_WITHIN_S = 30.0
"""A relay that has answered a part of what was written ahead owes the rest within this."""

log = structlog.get_logger()


class Trip:
    """Listens to one connection, and ends with it; `ended` is called then, once."""

    def __init__(
        self,
        gate: Gate,
        pace: RelayPace,
        equipment: Equipment,
        connection: Connection,
        ended: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.carried = 0
        self.bug: Exception | None = None
        self._gate = gate
        self._pace = pace
        self._with = equipment
        self._ended = ended
        self._most = gate.relay.messages_per_connection
        self._dialogue = connection.dialogue
        self._current: Load | None = None
        self._following: Load | None = None
        self._before_dot: Load | None = None
        self._over = False
        self._going_home = False
        self._missing = False
        self._resting = False
        self._heard = self._answered = equipment.seconds()

    # What the courier says

    def begin(self, delivery: Claimed) -> None:
        """Set out with a delivery that the outbox gave."""
        self.connection.listen(self)
        if self._with.outbox.is_stale(delivery):
            # It took long to connect: whoever left meanwhile is found in the next claim.
            self._pace.not_sent(delivery.recipient.domain, self._with.seconds())
            self._with.outbox.give_back([delivery])
            self._go_on()
            return
        load = self._loaded(delivery)
        if load is None:
            self._go_on()
        else:
            self._set_out(load)

    def go_home(self) -> None:
        """Begin nothing more; what is begun is ended."""
        self._going_home = True
        if self._current is None:
            self._end()

    def abandon(self) -> None:
        """End now: what is past its dot is in doubt, all else goes back."""
        if not self._over:
            self._lost("stopped", ours=True)

    def look_at_the_clock(self, now: float) -> None:
        """Give up a connection that took too long; to be called several times a second."""
        if self._over:
            return
        silent = now - self._heard
        stage = self._dialogue.stage
        if stage is not None:
            if self._dialogue.ran_ahead and self._gate.ahead:
                limit = min(wire.TIMEOUTS[stage], READS_AHEAD_WITHIN_S)
            else:
                limit = wire.TIMEOUTS[stage]
            if silent > limit:
                self._missing = True
                self.connection.lose(f"no reply to {stage.value} in time")
        elif self._before_dot is not None or self.connection.full:
            if silent > wire.BLOCK_TIMEOUT:
                self.connection.lose("the relay takes no more of the message")
        elif self._current is None and silent > IDLE_S:
            self._end()

    # What the wire says

    def came(self, replies: list[Reply]) -> None:
        try:
            self._came(replies)
        except Exception as error:  # noqa: BLE001 -- raised by the courier
            self._break(error)

    def _came(self, replies: list[Reply]) -> None:
        self._heard = self._with.seconds()
        for reply in replies:
            if self._over:
                return
            try:
                step = self._dialogue.answered(reply)
            except OutOfStep as error:
                self._missing = True
                self.connection.lose(str(error))
                return
            if step.write:
                self._write(step.write)
            if step.happened is Happened.GO:
                self._let_go()
            elif step.happened is Happened.OVER:
                self._decided(step)

    def room(self) -> None:
        self._heard = self._with.seconds()
        load, self._before_dot = self._before_dot, None
        if load is not None:
            self._pass_dot(load)

    def lost(self, reason: str) -> None:
        self._lost(reason, ours=False)

    # The way of a delivery

    def _go_on(self) -> None:
        """Begin with the next delivery; rest where there is none; end where that is due."""
        if self._over:
            return
        if self._going_home or self.connection.messages >= self._most:
            self._end()
            return
        load = self._next()
        if load is not None:
            self._set_out(load)
        elif not self._resting:
            self._resting = True
            if not self._with.shares.may_take(self._gate):
                asyncio.get_running_loop().call_later(SHARE_S, self._called)
                return
            self._with.outbox.rest(self._pace, self._called, self._with.seconds())

    def _set_out(self, load: Load) -> None:
        # That there was nothing to carry before is not the relay's slowness.
        self._answered = self._with.seconds()
        self._current = load
        self._write(self._dialogue.begin(load.envelope))

    def _called(self) -> None:
        self._resting = False
        if self._over:
            # The call came too late for this one: it is another's.
            self._with.outbox.pass_on(self._pace)
        elif self._current is None:
            self._go_on()

    def _next(self) -> Load | None:
        while self._with.shares.may_take(self._gate):
            delivery = self._with.outbox.next(self._pace, self._with.seconds())
            if delivery is None:
                return None
            self._with.shares.took(self._gate)
            if (load := self._loaded(delivery)) is not None:
                return load
        return None

    def _loaded(self, delivery: Claimed) -> Load | None:
        """The message of a delivery; None where there is none to be made, which is recorded."""
        given = self._with
        try:
            message = given.maker.make(given.letter(delivery.letter_id), delivery)
            self._dialogue.require_written(message.envelope)
            refused = self._dialogue.refuses(message.envelope)
            if refused is None:
                return Load(delivery, message)
            disposition = judge(*refused)
        except WrongInput as error:
            disposition = Disposition(Verdict.FAILED, str(error))
        except SQLAlchemyError as error:
            # The letter could not be read; the connection and the reader have no part in that.
            log.error("database_trouble", reason=str(database_error(error)))
            disposition = Disposition(Verdict.SOON, "the database was in trouble")
        self._pace.not_sent(delivery.recipient.domain, given.seconds())
        given.book.record(self._outcome(delivery, disposition))
        return None

    def _let_go(self) -> None:
        """354: the message goes out, and waits before its dot until the ledger knows of it."""
        load = self._current
        assert load is not None
        if not self._with.outbox.look_again(load.delivery):
            self._lost("the reader left meanwhile", ours=True)
            return
        self._heard = self._with.seconds()
        self.connection.write_message(load.pieces)
        # Made now, so that when the ledger says so all connections' dots go out in one burst.
        self._following = self._next_behind(load)
        self._with.book.enter(load.delivery.delivery_id, lambda held: self._entered(load, held))

    def _next_behind(self, load: Load) -> Load | None:
        """What is to go behind the final dot of `load`, if anything may."""
        last = self._going_home or self.connection.messages + 1 >= self._most
        slow = self._pace.is_slow(load.delivery.recipient.domain)
        return None if last or slow or not self._dialogue.ahead else self._next()

    def _break(self, error: Exception) -> None:
        """A bug: the courier raises it, and the sender ends by it. What was begun is recovered."""
        self.bug = error
        if not self._over:
            self._over = True
            self.connection.deafen()
            self.connection.close()
            self._ended()

    def _entered(self, load: Load, held: bool) -> None:
        try:
            self._after_entry(load, held)
        except Exception as error:  # noqa: BLE001 -- raised by the courier
            self._break(error)

    def _after_entry(self, load: Load, held: bool) -> None:
        if self._over or load is not self._current:
            return
        if not held:
            log.warning("lease_lost", delivery=load.delivery.delivery_id)
            self._current = None
            self._with.outbox.forget((load.delivery.delivery_id,))
            self._pace.not_sent(load.delivery.recipient.domain, self._with.seconds())
            self._lost("the lease was lost", ours=True)
        elif self.connection.full:
            self._before_dot = load
        else:
            self._pass_dot(load)

    def _pass_dot(self, load: Load) -> None:
        try:
            octets = self._dialogue.dot(load.envelope)
        except OutOfStep as error:
            self.connection.lose(str(error))
            return
        if self._following is not None:
            octets += self._dialogue.begin(self._following.envelope)
        self._heard = self._with.seconds()
        self.connection.write_dot(octets)

    def _decided(self, step: Step) -> None:
        """The relay took or refused the current delivery."""
        load, self._current, self._following = self._current, self._following, None
        assert load is not None
        assert step.stage is not None
        assert step.reply is not None
        if self._misread(step.stage, step.reply):
            self._gate.ran_aground()
            self._current, self._following = load, self._current
            self._lost(f"{step.reply} (in reply to {step.stage.value})", ours=True)
            return
        self._conclude(load, judge(step.stage, step.reply))
        if not self._over and self._current is None:
            self._go_on()

    def _misread(self, stage: Stage, reply: Reply) -> bool:
        """Whether the relay seems to have missed what was written ahead (503: bad sequence)."""
        return self._dialogue.ahead and reply.code == 503 and stage is not Stage.DOT

    def _conclude(self, load: Load, disposition: Disposition) -> None:
        """Say in the book what becomes of a delivery, and what follows for domain and relay."""
        now, domain = self._with.seconds(), load.delivery.recipient.domain
        chance = random.random()  # noqa: S311
        tries = load.delivery.tries + 1
        if rest := self._with.rests.judged(domain, disposition, tries, now, chance):
            log.info("domain_rests", domain=domain, reason=disposition.reason, seconds=round(rest))
        self._pace.answered(domain, now, now - self._answered)
        self._answered = now
        self._with.book.record(self._outcome(load.delivery, disposition))
        if disposition.verdict is Verdict.SOON:
            self._gate.lost(disposition.reason)
        elif disposition.verdict is not Verdict.RELAY:
            self.carried += 1
            self._gate.carried()
        else:
            self._gate.shut(disposition.reason, too_fast=disposition.too_fast)
            log.warning("relay_rests", reason=disposition.reason,
                        seconds=round(self._gate.shut_for))  # fmt: skip
            if self._with.all_shut():
                self._with.outbox.empty()
        if disposition.closes:
            self._lost(disposition.reason, ours=True)

    # The end

    def _end(self) -> None:
        """In order, between two messages; the courier says good-bye."""
        if not self._over:
            self._over = True
            self.connection.deafen()
            self._stop_resting()
            self._ended()

    def _lost(self, reason: str, *, ours: bool) -> None:
        if self._over:
            return
        self._over = True
        self._stop_resting()
        self.connection.deafen()
        current, following = self._current, self._following
        self._current = self._following = self._before_dot = None
        if not ours:
            self._gate.lost(reason)
        missing = self._missing and self._dialogue.ran_ahead and self._dialogue.past_dot is None
        if missing:
            self._gate.ran_aground()
        if not self._dialogue.ahead and not self.carried:
            self._gate.lost_in_lock_step()
        for load in (current, following):
            if load is None:
                continue
            self._pace.lost(load.delivery.recipient.domain, self._with.seconds())
            if self._dialogue.past_dot is load.envelope:
                if ours:
                    log.warning("unanswered", delivery=load.delivery.delivery_id)
                self._with.book.record(self._doubt(load.delivery, reason))
            elif (refused := self._dialogue.refused) is not None and load is current:
                self._with.book.record(self._outcome(load.delivery, judge(*refused)))
            elif ours or missing or load is following or self._dialogue.resetting:
                back = Disposition(Verdict.RELAY, f"not begun: {reason}")
                self._with.book.record(self._outcome(load.delivery, back))
            else:
                self._with.book.record(
                    self._outcome(load.delivery, Disposition(Verdict.SOON, reason))
                )
        self.connection.close()
        self._ended()

    def _stop_resting(self) -> None:
        if self._resting:
            self._resting = False
            self._with.outbox.stop_resting(self._pace, self._called)

    def _write(self, octets: bytes) -> None:
        self._heard = self._with.seconds()
        self.connection.write(octets)

    def _outcome(self, delivery: Claimed, disposition: Disposition) -> Outcome:
        chance = random.random()  # noqa: S311 -- spreads retries, guards nothing
        return outcome_of(delivery, disposition, self._with.now(), self._with.pace, chance)

    def _doubt(self, delivery: Claimed, how: str) -> Outcome:
        chance = random.random()  # noqa: S311
        given = self._with
        return doubt_of(delivery, how, given.now(), given.in_doubt, given.pace, chance)
