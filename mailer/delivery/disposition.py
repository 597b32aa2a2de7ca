"""What an SMTP reply means for a delivery: one table, without I/O.

A row of `TABLE` says at which stages, for which reply codes (RFC 5321 section 4.2), enhanced
status codes (RFC 3463) and words it holds, what follows for the delivery, and whose fault it was.
The first row that fits is the meaning. Its last column says who demands it: a section of an RFC,
or whose servers answer so.

Only a fault of the mailbox may ever count against an address. So where a reply can be read in two
ways, the row that harms no address stands first.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_ENHANCED_FIRST = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}(\s+|$)")
_ADDRESS = re.compile(r"<?[^\s<>@]{1,64}@[^\s<>@]+>?")
_REASON_CHARACTERS = 500
_WORDS_CHARACTERS = 2000


class Stage(Enum):
    """Where in the dialogue a reply came; the first four concern the relay, not a delivery."""

    GREETING = "greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    DOT = "the message"


RELAY_STAGES = frozenset({Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH})


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply: three digits, and its lines without them."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join([line.strip() for line in self.lines]).strip()

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code (RFC 3463), where the reply carries one."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else None

    @property
    def words(self) -> str:
        """What the text says: without the status codes that many servers repeat on each line, and
        without addresses, since a reader's may contain any word."""
        said = " ".join(_ENHANCED_FIRST.sub("", line.strip()) for line in self.lines)
        return _ADDRESS.sub("…", said[:_WORDS_CHARACTERS]).strip()

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()[:_REASON_CHARACTERS]


class Verdict(Enum):
    """What follows for the delivery."""

    SENT = "sent"
    DEFERRED = "deferred"  # tried again on the growing schedule
    FAILED = "failed"
    SOON = "soon"  # the connection is to blame: again after `retry_first`
    RELAY = "relay"  # the relay is to blame: it pauses, and this delivery waits untouched
    THROTTLED = "throttled"  # deferred, and the recipient's domain says that we are too fast


class Fault(Enum):
    """Whose fault it was; only a fault of the mailbox may count against its address."""

    NONE = "none"
    MAILBOX = "mailbox"  # no such mailbox or domain, disabled, full
    POLICY = "policy"  # blocked, listed, spam, DMARC; also what no row can tell
    RELAY = "relay"  # a system, the network, authentication, our configuration, too fast
    MESSAGE = "message"  # its size or its form

    @property
    def in_ledger(self) -> str:
        """The word that the ledger keeps; "" where it was nobody's."""
        return "" if self is Fault.NONE else str(self.value)


@dataclass(frozen=True, slots=True)
class Disposition:
    """A verdict with its reason in words, for the ledger.

    `too_fast` is True where the relay itself says that it gets too much at once: then RELAY means
    a pause of seconds (`retry.BREATH`), not of minutes.
    """

    verdict: Verdict
    reason: str
    code: int | None = None
    fault: Fault = Fault.NONE
    too_fast: bool = False

    @property
    def closes(self) -> bool:
        """True where nothing more can go over the connection: RFC 5321 section 3.8 for 421."""
        return self.verdict in (Verdict.SOON, Verdict.RELAY) or self.code == 421


@dataclass(frozen=True, slots=True)
class Row:
    """One meaning. `codes` and `words` are regular expressions; words are found in any case.

    `statuses` are written as RFC 3463 writes them: "X.7.*". "" is a reply without one.
    """

    stages: frozenset[Stage]
    codes: str
    statuses: str
    words: str
    verdict: Verdict
    fault: Fault
    source: str
    too_fast: bool = False

    def fits(self, status: str, words: str) -> bool:
        return bool(_status(self.statuses).fullmatch(status) and _words(self.words).search(words))


@cache
def _status(pattern: str) -> re.Pattern[str]:
    """The regular expression that "X.7.*" stands for; "*" alone is any status, or none."""
    if pattern == "*":
        return re.compile(".*")
    return re.compile(pattern.replace(".", r"\.").replace("X", "[245]").replace("*", r"\d+"))


@cache
def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ALL = frozenset(Stage)
_OURS = _ALL - RELAY_STAGES
_MAIL, _RCPT, _DOT = (frozenset({stage}) for stage in (Stage.MAIL, Stage.RCPT, Stage.DOT))
# A reply to MAIL knows of no reader, and can be nobody's fault but the relay's and ours.
_NAMED = _OURS - _MAIL

# Statuses that say no more than the code does, so that the words have to.
_VAGUE = "|X.0.*|X.1.0|X.2.0|X.5.0"

_SES_RATE = r"^throttling failure: maximum sending rate"
_SES_QUOTA = r"^throttling failure"
_CREDITS = r"maximum credits exceeded"
_GOOGLE_PEAK = r"smtp relay limit exceeded"
_GOOGLE_DAY = r"^daily (user sending limit|sending quota|smtp relay (sending )?limit) exceeded"
_ANVIL = r"^error: too (much mail|many recipients) from"
_THREADS = r"sender thread limit exceeded"
_UNUSUAL = r"unusual rate"
_OUTLOOK = r"^RP-00[1-3]\b"
_YAHOO = r"^\[TSS?\d\d\]"
_COMCAST = r"postmaster\.comcast\.net\S*#RL"
_LIMITED = r"rate[- ]limit(ed|ing)|throttled"
_MAILBOX_RATE = (
    r"receiving (e?mail|messages) (too quickly|at a rate)|recipient thread limit exceeded"
    r"|recipient has exceeded their limit"
)
_SEQUENCE = (
    r"bad sequence|out of (sequence|order)|(need|send|issue) (mail|rcpt)\b"
    r"|(mail|rcpt)\b[ \w]{0,20} (first|before|must precede)|nested mail|sender already"
)
_LISTED = (
    r"spamhaus|spamcop|barracudacentral|sorbs|\b(dnsbl|uribl|surbl|rbl|dbl)\b|block[- ]?list"
    r"|black[- ]?list|\bdmarc\b|\(s31[45]0\)|dnsbl-lookup|blocked using"
)
_POLICY = (
    r"spam|\bblock(s|ed|ing)?\b|\blisted\b|polic(y|ies)\b|reputation|banned|spoof|phish|virus"
    r"|gr[ae]y-?list|unsolicited|prohibit|suspicious|complaints"
)
_RELAYING = (
    r"relay(ing)? (access )?(is )?(denied|not (permitted|allowed)|prohibited)"
    r"|(unable|not allowed) to relay|allowed rcpthosts|authentication (is )?required"
    r"|requires authentication|must (be )?authenticated?\b|not (authenticated|verified)"
)
_SENDER = r"\bsender\b|mail ?from\b|return[- ]path|reverse dns|\bptr\b|\b[eh][eh]lo\b"
# A mailbox's quota, not that of whoever sends.
_FULL = (
    r"over[- ]?quota|(?<!sending )(?<!message )quota (is |has been )?exceeded|quota violation"
    r"|exceed\w* (?!your )(\w+ ){0,3}(?<!sending )quota"
    r"|(mailbox|account|inbox|storage)( \S+){0,3} full|exceeded storage allocation"
    r"|mailbox size limit|destinataire pleine"
)
_SIZE = r"(message|mail|size)( \w+){0,3} (too (big|large)|exceeds?|exceeded)|too large"
_UNKNOWN = (
    r"(user|recipient|mailbox|address(ee)?|account)( \S+){0,4} (unknown|not found|unallocated"
    r"|(does|do)(n.?t| not) exist|(is|has been) (\w+ )?(disabled|inactive|invalid|suspended))"
    r"|(unknown|invalid|bad|no such) (\w+ )?(user|recipient|mailbox|address|account|person)\b"
    r"|no mailbox here|doesn.?t have an? \S+ account|is no longer valid|not our customer"
    r"|not a valid (user|recipient|mailbox)|badrcptto|#5\.1\.1"
)
_DIRECTORY = r"recipient address rejected: access denied"
_INACTIVE = r"marked as inactive|inactive recipient"
_UNAVAILABLE = r"mailbox unavailable"
_MOVED = r"not local|please try|has moved"

_S, _D, _F = Verdict.SENT, Verdict.DEFERRED, Verdict.FAILED
_SOON, _R, _T = Verdict.SOON, Verdict.RELAY, Verdict.THROTTLED
_MAILBOX, _POL, _REL, _MES = Fault.MAILBOX, Fault.POLICY, Fault.RELAY, Fault.MESSAGE

# fmt: off
TABLE: tuple[Row, ...] = (
    # stages, code, status, words, verdict, fault, source
    Row(_DOT, "2..", "*", "", _S, Fault.NONE, "RFC 5321 section 4.2.1"),
    Row(RELAY_STAGES, "...", "*", "", _R, _REL, "RFC 5321 section 3.1: nobody is named yet"),

    # The relay speaks of itself in the middle of a delivery. Exact words only: what a domain says
    # through a relay must not stop the mail of everybody else.
    Row(_MAIL, "530|534|535|538", "*", "", _R, _REL, "RFC 4954 section 6"),
    Row(_MAIL, "432|454", "X.7.0|X.7.12", "", _R, _REL, "RFC 4954 section 6"),
    Row(_OURS, "454", "*", _SES_RATE, _R, _REL, "Amazon SES: so many a second", too_fast=True),
    Row(_OURS, "454", "*", _SES_QUOTA, _R, _REL, "Amazon SES: so many a day"),
    Row(_OURS, "45.", "*", _CREDITS, _R, _REL, "SendGrid: so many a day"),
    Row(_OURS, "450", "X.2.1", _GOOGLE_PEAK, _R, _REL, "Google's relay", too_fast=True),
    Row(_OURS, "550", "X.4.5|X.7.1", _GOOGLE_DAY, _R, _REL, "Google's relay: our quota"),
    Row(_MAIL | _RCPT, "450", "X.7.1", _ANVIL, _R, _REL, "Postfix anvil(8)", too_fast=True),
    Row(_OURS, "432", "X.3.2", _THREADS, _R, _REL, "Microsoft 365's relay", too_fast=True),

    # The domain says that we are too fast. X.7.1, X.2.* and X.3.* never mean that.
    Row(_OURS, "4..", "X.7.28", "", _T, _REL, "Gmail"),
    Row(_OURS, "4..", "|X.7.0", _UNUSUAL, _T, _REL, "Gmail, before X.7.28"),
    Row(_OURS, "4..", "X.7.[56]\\d\\d", "", _T, _REL, "Microsoft: 4.7.500 to 4.7.699"),
    Row(_OURS, "4..", "", _OUTLOOK, _T, _REL, "Outlook.com"),
    Row(_OURS, "4..", "X.7.0", _YAHOO, _T, _REL, "Yahoo: TSS04 and its like"),
    Row(_OURS, "4..", "|X.1.0", _COMCAST, _T, _REL, "Comcast: RL000001 and its like"),
    Row(_OURS, "4..", "X.7.(?!1$)*", _LIMITED, _T, _REL, "several"),

    # Any other 421 ends the connection, and says little of the delivery.
    Row(_OURS, "421", "X.7.*", "", _SOON, _POL, "RFC 5321 section 3.8; RFC 3463 section 3.8"),
    Row(_OURS, "421", "*", "", _SOON, _REL, "RFC 5321 section 3.8"),

    # Later.
    Row(_OURS, "4..", "*", _MAILBOX_RATE, _D, _REL, "Gmail, Microsoft: too much for one mailbox"),
    Row(_NAMED, "4..", "X.1.[12346]|X.1.10", "", _D, _MAILBOX, "RFC 3463 section 3.2"),
    Row(_NAMED, "4..", "X.2.[124]", "", _D, _MAILBOX, "RFC 3463 section 3.3"),
    Row(_NAMED, "4..", _VAGUE, _FULL, _D, _MAILBOX, "RFC 5321 section 4.2.2: 452, in words"),
    Row(_NAMED, "4..", _VAGUE, _UNKNOWN, _D, _MAILBOX, "Postfix: soft_bounce"),
    Row(_OURS, "4..", "X.7.*", "", _D, _POL, "RFC 3463 section 3.8, RFC 7372 section 3"),
    Row(_OURS, "4..", "*", _POLICY, _D, _POL, "RFC 6647 section 2: greylisting, in words"),
    Row(_OURS, "4..", "*", "", _D, _REL, "RFC 5321 section 4.2.1"),

    # 5xx that is not final.
    Row(_RCPT, "552", "|X.5.3", _FULL, _D, _MAILBOX, "RFC 5321 section 4.5.3.1.10"),
    Row(_RCPT, "552", "|X.5.3", "", _D, _REL, "RFC 5321 section 4.5.3.1.10: 452 is meant"),
    Row(_OURS, "503", "*", _SEQUENCE, _SOON, _REL, "RFC 5321 section 4.1.4: out of step"),

    # Refused, and not because of the address.
    Row(_OURS, "5..", "*", _LISTED, _F, _POL, "Spamhaus, Proofpoint, Microsoft S3140 and S3150"),
    Row(_OURS, "525|530|534|535|538", "*", "", _F, _REL, "RFC 4954 section 6, RFC 5248"),
    Row(_OURS, "5..", "*", _RELAYING, _F, _REL, "Postfix, Exim, qmail, Amazon SES"),
    Row(_OURS, "5..", "*", _MAILBOX_RATE, _F, _REL, "Gmail, Outlook.com 5.2.122"),
    Row(_OURS, "5..", "X.7.*", "", _F, _POL, "RFC 3463 section 3.8, RFC 7372 section 3"),
    Row(_OURS, "5..", "X.2.3|X.3.4", "", _F, _MES, "RFC 3463 sections 3.3 and 3.4, RFC 1870"),
    Row(_OURS, "5..", "X.6.7", "", _F, _REL, "RFC 6531 section 3.2: no SMTPUTF8"),
    Row(_OURS, "5..", "X.6.*", "", _F, _MES, "RFC 3463 section 3.7, RFC 6531 section 3.7.4"),
    Row(_MAIL, "552", _VAGUE, "", _F, _MES, "RFC 1870 section 6.1"),
    Row(_OURS, "5..", "X.1.[789]", "", _F, _REL, "RFC 3463 section 3.2: the sender's address"),
    Row(_OURS, "5..", _VAGUE, _POLICY, _F, _POL, "Mimecast, Mail.ru, Barracuda, Comcast"),
    Row(_OURS, "5..", _VAGUE, _INACTIVE, _F, _POL, "Postmark: its own list, complaints among it"),
    Row(_OURS, "5..", _VAGUE, _SENDER, _F, _REL, "Postfix, Spambrella: the sender's address"),
    Row(_MAIL, "5..", "*", "", _F, _REL, "RFC 5321 section 3.3: no reader is named yet"),
    Row(_NAMED, "521", "*", "", _F, _REL, "RFC 7504 section 3: the host takes no mail"),

    # The mailbox is to blame.
    Row(_NAMED, "556", "*", "", _F, _MAILBOX, "RFC 7504 section 4, RFC 7505 section 4.2"),
    Row(_NAMED, "5..", "X.1.[12346]|X.1.10", "", _F, _MAILBOX, "RFC 3463 section 3.2, RFC 7505"),
    Row(_NAMED, "5..", "X.2.[124]", "", _F, _MAILBOX, "RFC 3463 section 3.3"),
    Row(_NAMED, "550", "X.4.1", _DIRECTORY, _F, _MAILBOX, "Microsoft 365: not in its directory"),
    Row(_NAMED, "5..", _VAGUE, _FULL, _F, _MAILBOX, "RFC 5321 section 4.2.2: 552; GMX"),
    Row(_NAMED, "5..", _VAGUE, _UNKNOWN, _F, _MAILBOX, "Yahoo, Mail.ru, Barracuda, qmail"),
    Row(_NAMED, "550", _VAGUE, _UNAVAILABLE, _F, _MAILBOX, "RFC 5321 section 4.2.2; Outlook.com"),
    Row(_NAMED, "551", _VAGUE, _MOVED, _F, _MAILBOX, "RFC 5321 section 3.4"),

    # Refused, and it does not say why.
    Row(_NAMED, "5..", _VAGUE, _SIZE, _F, _MES, "RFC 1870 section 6.3"),
    Row(_NAMED, "50[0-4]|555", "*", "", _F, _REL, "RFC 5321 section 4.2.4, RFC 3461 section 5.1"),
    Row(_NAMED, "5..", "X.[345].*", "", _F, _REL, "RFC 3463 sections 3.4 to 3.6"),
    Row(_NAMED, "5..", "*", "", _F, _POL, "RFC 5321 section 4.2.1: a guess that harms nobody"),

    # 2xx or 3xx where none can come.
    Row(_OURS, "...", "*", "", _SOON, _REL, "RFC 5321 section 4.3.2: out of step"),
)
# fmt: on


def judge(stage: Stage, reply: Reply) -> Disposition:
    """The meaning of `reply`, which came at `stage`."""
    # By far the commonest reply, and the first row says the same.
    if stage is Stage.DOT and 200 <= reply.code < 300:
        return Disposition(Verdict.SENT, str(reply), reply.code)
    row = row_of(stage, reply)
    reason = f"{reply} (in reply to {stage.value})"
    if row.verdict is Verdict.SOON and reply.code < 400:
        reason = f"unexpected: {reason}"
    return Disposition(row.verdict, reason, reply.code, row.fault, row.too_fast)


def row_of(stage: Stage, reply: Reply) -> Row:
    """The first row of the table that `reply` fits."""
    status, words = reply.enhanced or "", reply.words
    return next(row for row in _rows(stage, reply.code) if row.fits(status, words))


@cache
def _rows(stage: Stage, code: int) -> tuple[Row, ...]:
    """The rows that are about this stage and this code, whatever else the reply says."""
    return tuple(row for row in TABLE if stage in row.stages and re.fullmatch(row.codes, str(code)))
