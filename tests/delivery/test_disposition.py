"""What an SMTP reply means for a delivery: the whole table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.disposition import (
    RELAY_STAGES,
    TABLE,
    Disposition,
    Fault,
    Reply,
    Stage,
    Verdict,
    judge,
    row_of,
)

DELIVERY_STAGES = [stage for stage in Stage if stage not in RELAY_STAGES]
GREETING, MAIL, RCPT, DATA, DOT = (
    Stage.GREETING,
    Stage.MAIL,
    Stage.RCPT,
    Stage.DATA,
    Stage.DOT,
)

# Replies as servers write them: stage, reply (lines apart by a bar), verdict, fault.
REPLIES = """
DOT  | 250 2.0.0 Ok: queued as 4F2A81C0 | sent none
GREETING | 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org | relay relay
GREETING | 554 No SMTP service here | relay relay
GREETING | 421 4.7.0 mail.example.org Error: too many connections from 192.0.2.1 | relay relay
GREETING | 521 example.org does not accept mail | relay relay
EHLO | 502 5.5.2 Error: command not recognized | relay relay
STARTTLS | 454 4.7.0 TLS not available due to temporary reason | relay relay
AUTH | 535 5.7.8 Authentication credentials invalid | relay relay
AUTH | 454 4.7.0 Temporary authentication failure | relay relay
MAIL | 530 5.7.0 Authentication required | relay relay
MAIL | 530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM | relay relay
MAIL | 535 5.7.8 Error: authentication failed | relay relay
MAIL | 432 4.7.12 A password transition is needed | relay relay
MAIL | 454 4.7.0 Temporary authentication failure | relay relay
DOT  | 454 Throttling failure: Maximum sending rate exceeded. | relay relay
DOT  | 454 Throttling failure: Daily message quota exceeded. | relay relay
MAIL | 451 Authentication failed: Maximum credits exceeded | relay relay
RCPT | 450 4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error. | relay relay
DOT  | 550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to | relay relay
MAIL | 550 5.7.1 Daily SMTP relay limit exceeded for customer. | relay relay
MAIL | 450 4.7.1 Error: too much mail from 192.0.2.1 | relay relay
RCPT | 450 4.7.1 Error: too many recipients from 192.0.2.1 | relay relay
DOT  | 432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded | relay relay

DOT  | 421 4.7.28 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail originating from your IP address. | throttled relay
DOT  | 450 4.7.28 Gmail has detected an unusual rate of unsolicited mail containing one of your URL domains. | throttled relay
DOT  | 421 4.7.28 Our system has detected an unusual rate of / 4.7.28 unsolicited mail originating from your IP address. | throttled relay
DOT  | 421 4.7.0 [192.0.2.1 15] Our system has detected an unusual / 4.7.0 rate of unsolicited mail originating from your IP address. | throttled relay
RCPT | 451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712344) | throttled relay
MAIL | 451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. (S775) | throttled relay
RCPT | 451 4.7.651 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. (S3114) | throttled relay
MAIL | 421 RP-001 (SNT004-MC2F39) Unfortunately, some messages from 192.0.2.1 weren't sent. | throttled relay
DOT  | 421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1 | throttled relay
DOT  | 421 4.7.0 [TS02] Messages from 192.0.2.1 temporarily deferred due to user complaints - 4.16.56.1 | throttled relay
MAIL | 421 4.1.0 192.0.2.1 Throttled - try again later. Please see http://postmaster.comcast.net/smtp-error-codes.php#RL000001 | throttled relay
RCPT | 451 4.7.24 This sender is rate limited; slow down | throttled relay

DOT  | 421 4.7.0 [192.0.2.1] Our system has detected that this message is suspicious due to the very low reputation of the sending domain. | soon policy
RCPT | 421 4.7.0 Try again later, closing connection. | soon policy
DOT  | 421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed. | soon policy
RCPT | 421 4.7.1 Messages to ana@icloud.example deferred due to excessive volume. Try again later | soon policy
RCPT | 421 4.7.1 You are rate limited | soon policy
RCPT | 421 4.3.2 The maximum number of concurrent connections per resource forest has exceeded a limit | soon relay
DOT  | 421 Max message per connection reached, closing transmission channel | soon relay
DOT  | 421 4.4.2 mail.example.org Error: timeout exceeded | soon relay

RCPT | 450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time. | deferred relay
RCPT | 450 4.2.1 The user you are trying to contact is receiving mail at a rate that / 4.2.1 prevents additional messages from being delivered. | deferred relay
RCPT | 450 User is receiving mail too quickly | deferred relay
DOT  | 432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded | deferred relay
RCPT | 450 4.1.1 <ana@example.org>: Recipient address rejected: unverified address: Address verification in progress | deferred mailbox
RCPT | 452 4.2.2 The email account that you tried to reach is over quota. | deferred mailbox
RCPT | 450 4.2.1 Mailbox temporarily disabled | deferred mailbox
RCPT | 452 <ana@example.org> Mailbox is full | deferred mailbox
RCPT | 450 <ana@example.org>: User unknown in local recipient table | deferred mailbox
RCPT | 450 Requested mail action not taken: mailbox unavailable | deferred relay
RCPT | 451 4.7.1 <ana@example.org>: Recipient address rejected: Greylisted for 5 minutes | deferred policy
RCPT | 451 4.7.1 Service unavailable - try again later | deferred policy
DOT  | 451 4.7.26 Unauthenticated mail is not accepted | deferred policy
RCPT | 450 4.2.0 <ana@example.org>: Recipient address rejected: Greylisted, see http://postgrey.example/ | deferred policy
RCPT | 451 Greylisting in action, please come back later | deferred policy
RCPT | 452 4.5.3 Your message has too many recipients. | deferred relay
RCPT | 452 4.3.1 Insufficient system storage | deferred relay
RCPT | 450 4.1.8 <news@psg.example>: Sender address rejected: Domain not found | deferred relay
DOT  | 451 4.3.0 Mail server temporarily rejected message. - gsmtp | deferred relay
DOT  | 451 Temporary local problem - please try later | deferred relay
MAIL | 452 4.2.2 Over quota | deferred relay

RCPT | 550 5.2.2 Daily quota exceeded | failed mailbox
DOT  | 550 host mx.example.org said: 550 5.4.5 Daily sending quota exceeded | failed policy
DOT  | 454 host mx.example.org said: 454 Throttling failure: Maximum sending rate exceeded. | deferred relay
RCPT | 450 4.7.1 host mx.example.org said: Error: too much mail from 192.0.2.1 | deferred policy
RCPT | 550 You have exceeded your daily quota | failed policy
RCPT | 550 The user has exceeded his disk quota | failed mailbox
RCPT | 552 Too many recipients | deferred relay
RCPT | 552 5.5.3 Too many recipients | deferred relay
RCPT | 552 Requested mail action aborted: exceeded storage allocation | deferred mailbox
RCPT | 503 5.5.1 Error: need MAIL command | soon relay
DATA | 503 Bad sequence of commands | soon relay
DATA | 503 valid RCPT command must precede DATA | soon relay
RCPT | 503 5.5.1 Unspecified trouble | failed relay

MAIL | 550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140). | failed policy
MAIL | 550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. (S3150) | failed policy
RCPT | 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org | failed policy
RCPT | 550 192.0.2.1 is in an RBL, see https://www.spamhaus.org/query/ip/192.0.2.1 | failed policy
RCPT | 550 5.1.1 Mail from 192.0.2.1 refused, see RBL server | failed policy
RCPT | 554 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.1 | failed policy
DOT  | 550 5.2.0 Message rejected due to DMARC. Please see http://postmaster.comcast.net/smtp-error-codes.php#DM000001 | failed policy
DOT  | 550 5.7.26 Unauthenticated email from psg.example is not accepted due to domain's DMARC policy. | failed policy
RCPT | 535 5.7.8 Authentication credentials invalid | failed relay
RCPT | 530 5.7.0 Authentication needed | failed relay
RCPT | 554 5.7.1 <ana@example.org>: Relay access denied | failed relay
RCPT | 550 5.7.1 Relaying denied | failed relay
RCPT | 550 relay not permitted, authentication required | failed relay
RCPT | 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1) | failed relay
DOT  | 554 Message rejected: Email address is not verified. | failed relay
RCPT | 550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered. | failed relay
DOT  | 554 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour. | failed relay
RCPT | 550 5.7.511 Access denied, banned sender[192.0.2.1]. To request removal from this list please forward this message | failed policy
RCPT | 550 5.7.606 Access denied, banned sending IP [192.0.2.1]. (AS16012609) | failed policy
MAIL | 553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list | failed policy
DOT  | 554 5.7.9 Message not accepted for policy reasons. | failed policy
DOT  | 550 5.7.1 [CS01] Message rejected due to local policy. | failed policy
RCPT | 550 5.7.1 No such user! | failed policy
DOT  | 550 5.7.20 No passing DKIM signature found | failed policy
DOT  | 550 5.7.25 Reverse DNS validation failed | failed policy
MAIL | 552 5.3.4 Message size exceeds fixed limit | failed message
DOT  | 552 5.2.3 Your message exceeded Google's message size limits. | failed message
MAIL | 553 5.6.7 the relay takes no address beyond ASCII (no SMTPUTF8) | failed relay
DOT  | 554 5.6.9 UTF-8 header message cannot be transmitted | failed message
DOT  | 554 5.6.0 Message contains bare line feeds | failed message
MAIL | 552 Message size exceeds maximum value | failed message
MAIL | 553 5.1.7 <news@psg.example>: Sender address rejected | failed relay
RCPT | 550 5.1.8 <news@psg.example>: Sender address rejected: Domain not found | failed relay
RCPT | 550 Administrative prohibition - envelope blocked | failed policy
DOT  | 550 spam message rejected. | failed policy
DOT  | 554 Message not allowed - [PH01] Email not accepted for policy reasons. | failed policy
DOT  | 554 rejecting banned content | failed policy
RCPT | 550 Requested action not taken: mailbox unavailable (command rejected for policy reasons) | failed policy
DOT  | 550 You tried to send to a recipient that has been marked as inactive. | failed policy
RCPT | 550 5.1.0 sender rejected | failed relay
RCPT | 550 <news@psg.example>: Sender address rejected: User unknown | failed relay
MAIL | 550 5.1.1 <news@psg.example> User unknown | failed relay
MAIL | 554 Transaction failed | failed relay
RCPT | 521 5.2.1 : AOL will not accept delivery of this message. | failed relay

RCPT | 556 5.1.10 Recipient address has null MX | failed mailbox
RCPT | 556 Domain does not accept mail | failed mailbox
RCPT | 550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos | failed mailbox
RCPT | 550 5.1.1 <ana@icloud.example>: user does not exist | failed mailbox
RCPT | 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup | failed mailbox
RCPT | 553 5.1.3 The recipient address <ana@@example> is not a valid RFC 5321 address. | failed mailbox
RCPT | 501 5.1.3 Bad recipient address syntax | failed mailbox
DOT  | 552 5.1.1 <ana@example.org> recipient rejected - extended quota violation | failed mailbox
RCPT | 550 5.2.1 The email account that you tried to reach is disabled. | failed mailbox
RCPT | 552 5.2.2 The email account that you tried to reach is over quota. | failed mailbox
RCPT | 552 5.2.2 Mailbox size limit exceeded | failed mailbox
RCPT | 550 5.4.1 Recipient address rejected: Access denied. [AMS.eop-EUR05.prod.protection.outlook.com] | failed mailbox
RCPT | 550 5.4.1 [ana@example.org]: Recipient address rejected: Access denied | failed mailbox
DOT  | 552 Requested mail action aborted: exceeded storage allocation Quota exceeded. | failed mailbox
DOT  | 551 bounce as<the destination mailbox <ana@example.org> is full> queue as 100.1.ZmxEL.720k | failed mailbox
DOT  | 554 delivery error: dd This user doesn't have a yahoo.com account (ana@yahoo.example) [-9] | failed mailbox
DOT  | 554 delivery error: dd Sorry, your message to ana@yahoo.example cannot be delivered. This mailbox is disabled (554.30). | failed mailbox
DOT  | 554 delivery error: dd ana@yahoo.example is no longer valid. [-20] | failed mailbox
DOT  | 550 Message was not accepted -- invalid mailbox. Local mailbox ana@mail.example is unavailable: account is disabled | failed mailbox
RCPT | 550 cuda_nsu 5.1.1 <ana@example.org>... User unknown | failed mailbox
RCPT | 550 No such user (ana@example.org) | failed mailbox
RCPT | 550 <spam@example.org>: User unknown | failed mailbox
RCPT | 550 Invalid recipient <ana@example.org> (#5.1.1) | failed mailbox
RCPT | 550 sorry, no mailbox here by that name (#5.1.1) | failed mailbox
RCPT | 550 5.5.0 Requested action not taken: mailbox unavailable. | failed mailbox
RCPT | 550 Requested action not taken: mailbox unavailable | failed mailbox
RCPT | 551 User not local; please try <ana@example.com> | failed mailbox

DOT  | 552 Message size exceeds fixed maximum message size | failed message
RCPT | 501 Syntax error in parameters or arguments | failed relay
RCPT | 555 RCPT TO parameters not recognized or not implemented | failed relay
RCPT | 550 5.4.4 Unable to route | failed relay
DOT  | 554 5.3.0 Other mail system problem | failed relay
DOT  | 554 5.5.1 Error: no valid recipients | failed relay
RCPT | 550 Rejected | failed policy
RCPT | 551 No | failed policy
DOT  | 554 Transaction failed | failed policy
DOT  | 554 delivery error: dd Requested mail action aborted | failed policy

MAIL | 354 Go ahead | soon relay
DATA | 250 Ok | soon relay
DOT  | 354 Go ahead | soon relay
"""  # noqa: E501


def _examples() -> list[tuple[Stage, Reply, Verdict, Fault]]:
    found = []
    for line in filter(None, REPLIES.splitlines()):
        stage, reply, meaning = (part.strip() for part in line.split(" | "))
        code, _, text = reply.partition(" ")
        verdict, fault = meaning.split()
        lines = tuple(text.split(" / "))
        found.append((Stage[stage], Reply(int(code), lines), Verdict(verdict), Fault(fault)))
    return found


EXAMPLES = _examples()
RETRIED = {Verdict.DEFERRED, Verdict.SOON, Verdict.RELAY, Verdict.THROTTLED}


def named(example: object) -> str | None:
    return str(example)[:60] if isinstance(example, Reply) else None


@pytest.mark.parametrize(("stage", "reply", "verdict", "fault"), EXAMPLES, ids=named)
def test_what_servers_answer(stage: Stage, reply: Reply, verdict: Verdict, fault: Fault) -> None:
    found = judge(stage, reply)
    assert (found.verdict, found.fault) == (verdict, fault), row_of(stage, reply)


def test_every_row_of_the_table_is_reached() -> None:
    reached = {row_of(stage, reply) for stage, reply, _, _ in EXAMPLES}
    assert [row for row in TABLE if row not in reached] == []
    assert len(set(TABLE)) == len(TABLE)


def test_the_short_way_of_an_accepted_message_agrees_with_the_table() -> None:
    for code in range(200, 300):
        reply = Reply(code, ("5.1.1 whatever",))
        row = row_of(DOT, reply)
        assert judge(DOT, reply) == Disposition(row.verdict, str(reply), code, row.fault)


stages = st.sampled_from(Stage)
codes = st.integers(200, 599)
# Pieces of real replies in any order, so that several rows fit at once; and any text.
PIECES = sorted({word for _, reply, _, _ in EXAMPLES for word in reply.text.split()})
texts = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join) | st.text(max_size=80)
statuses = st.just("") | st.from_regex(r"[245]\.[0-9]{1,2}\.[0-9]{1,3} ", fullmatch=True)
replies = st.builds(
    lambda code, said: Reply(code, tuple(said)),
    codes,
    st.lists(st.builds(str.__add__, statuses, texts), min_size=1, max_size=3),
)


@given(stages, replies)
def test_every_reply_has_one_meaning(stage: Stage, reply: Reply) -> None:
    found = judge(stage, reply)
    assert found.code == reply.code
    assert str(reply) in found.reason
    assert (found.fault is Fault.NONE) == (found.verdict is Verdict.SENT)
    assert (found.verdict is Verdict.SENT) == (stage is DOT and reply.code < 300)
    if stage in RELAY_STAGES:
        assert (found.verdict, found.fault) == (Verdict.RELAY, Fault.RELAY)
    if found.too_fast:
        assert found.verdict is Verdict.RELAY


@given(st.sampled_from(DELIVERY_STAGES), replies)
def test_4xx_is_never_final_and_5xx_nearly_always(stage: Stage, reply: Reply) -> None:
    found = judge(stage, reply).verdict
    if 400 <= reply.code < 500:
        assert found in RETRIED
    if reply.code >= 500 and found is not Verdict.FAILED:
        words = reply.words.lower()
        exceptions = {
            Verdict.RELAY: (stage is MAIL and reply.code in (530, 534, 535, 538))
            or "daily" in words,
            Verdict.DEFERRED: stage is RCPT and reply.code == 552,
            Verdict.SOON: reply.code == 503,
        }
        assert exceptions[found]


@given(st.sampled_from(DELIVERY_STAGES), replies)
def test_only_what_names_a_reader_can_be_a_mailboxs_fault(stage: Stage, reply: Reply) -> None:
    found = judge(stage, reply)
    if found.fault is Fault.MAILBOX:
        assert stage is not MAIL
        assert found.verdict in (Verdict.FAILED, Verdict.DEFERRED)
        assert not (reply.enhanced or "").startswith(("4.7.", "5.7."))


@given(stages, st.integers(400, 499), st.sampled_from(["4.7.1", "4.2.1", "4.3.2", "4.3.1"]), texts)
def test_what_never_means_too_fast(stage: Stage, code: int, status: str, words: str) -> None:
    assert judge(stage, Reply(code, (f"{status} {words}",))).verdict is not Verdict.THROTTLED


@pytest.mark.parametrize(
    ("words", "too_fast"),
    [
        ("Throttling failure: Maximum sending rate exceeded.", True),
        ("Throttling failure: Daily message quota exceeded.", False),
    ],
)
def test_a_relay_that_wants_a_breath_is_not_one_that_is_used_up(words: str, too_fast: bool) -> None:
    assert judge(DOT, Reply(454, (words,))).too_fast is too_fast


@pytest.mark.parametrize(
    ("stage", "code", "words", "closes"),
    [
        (DOT, 250, "", False),
        (DOT, 550, "", False),
        (RCPT, 450, "4.7.28 too fast", False),
        (RCPT, 421, "4.7.28 too fast", True),
        (RCPT, 421, "", True),
        (RCPT, 250, "", True),
        (MAIL, 530, "", True),
    ],
)
def test_which_replies_end_the_connection(
    stage: Stage, code: int, words: str, closes: bool
) -> None:
    assert judge(stage, Reply(code, (words,))).closes is closes


def test_what_is_said_without_a_reply_is_nobodys_fault() -> None:
    found = Disposition(Verdict.SOON, "connection lost")
    assert (found.code, found.fault, found.too_fast, found.closes) == (
        None,
        Fault.NONE,
        False,
        True,
    )


def verdict(stage: Stage, code: int, words: str = "words") -> Verdict:
    return judge(stage, Reply(code, (words,))).verdict


@pytest.mark.parametrize("code", [250, 251, 252])
def test_an_accepted_message_is_sent(code: int) -> None:
    assert verdict(Stage.DOT, code) is Verdict.SENT


@pytest.mark.parametrize("stage", DELIVERY_STAGES)
@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (421, Verdict.SOON),
        (432, Verdict.DEFERRED),
        (450, Verdict.DEFERRED),
        (451, Verdict.DEFERRED),
        (452, Verdict.DEFERRED),
        (454, Verdict.DEFERRED),
        (500, Verdict.FAILED),
        (501, Verdict.FAILED),
        (503, Verdict.FAILED),
        (550, Verdict.FAILED),
        (552, Verdict.FAILED),
        (554, Verdict.FAILED),
    ],
)
def test_a_refused_delivery(stage: Stage, code: int, meaning: Verdict) -> None:
    if (stage, code) == (Stage.RCPT, 552):
        meaning = Verdict.DEFERRED  # RFC 5321 section 4.5.3.1.10
    assert verdict(stage, code) is meaning


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_authentication_is_the_relays_matter_only_before_a_reader_is_named(code: int) -> None:
    assert verdict(Stage.MAIL, code) is Verdict.RELAY
    assert verdict(Stage.RCPT, code) is Verdict.FAILED
    assert verdict(Stage.DOT, code) is Verdict.FAILED


@pytest.mark.parametrize("stage", sorted(RELAY_STAGES, key=lambda stage: stage.value))
@pytest.mark.parametrize("code", [421, 450, 454, 500, 535, 550, 554])
def test_what_comes_before_any_delivery_concerns_the_relay(stage: Stage, code: int) -> None:
    assert verdict(stage, code) is Verdict.RELAY


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA])
def test_a_positive_reply_that_is_no_acceptance_sends_nothing(stage: Stage) -> None:
    assert verdict(stage, 250) is Verdict.SOON


def test_only_a_positive_reply_to_the_dot_means_sent() -> None:
    sent = {
        (stage, code)
        for stage in Stage
        for code in range(200, 600)
        if verdict(stage, code) is Verdict.SENT
    }
    assert sent == {(Stage.DOT, code) for code in range(200, 300)}


def test_the_reason_has_the_relays_words_and_the_stage() -> None:
    found = judge(Stage.RCPT, Reply(550, ("5.1.1 no such", "mailbox here ")))
    assert found.reason == "550 5.1.1 no such mailbox here (in reply to RCPT TO)"
    assert found.code == 550


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("5.1.1 no such mailbox", "5.1.1"),
        ("4.7.28 too fast", "4.7.28"),
        ("2.0.0", "2.0.0"),
        ("5.1.1: no", None),
        ("1.2.3 no class of ours", None),
        ("5.1 short", None),
        ("see 5.1.1 there", None),
        ("", None),
    ],
)
def test_the_enhanced_status_code(words: str, code: str | None) -> None:
    assert Reply(550, (words,)).enhanced == code


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("4.7.28 an unusual", "4.7.28 rate"), "an unusual rate"),
        (("<ana@example.org>: no",), "…: no"),
        (("no (ana@example.org)",), "no …"),
        (("5.1.1",), ""),
        (("x" * 5000,), "x" * 2000),
    ],
)
def test_the_words_of_a_reply(lines: tuple[str, ...], words: str) -> None:
    assert Reply(550, lines).words == words


def test_a_long_reason_is_cut() -> None:
    assert len(str(Reply(550, ("x" * 5000,)))) == 500
