"""What the ledger says in words, as templates: it keeps the text alone, and pages that speak
another language find the sentence again (`mailer.sentence.Recogniser`).

Here is what is put together where every microsecond counts, or in SQL; whatever else is stored
stands where it is said.
"""

from mailer.sentence import Sentence

STORED = (
    # What a relay's reply, or the lack of one, made of a delivery.
    Sentence("{reply} (in reply to {stage})"),
    Sentence("unexpected: {reason}"),
    Sentence("not begun: {reason}"),
    Sentence("given up; at last: {reason}"),
    Sentence("{reason} (relay {relay})"),
    Sentence("connection lost ({reason})"),
    Sentence("connection closed by the relay"),
    Sentence("no reply to {stage} in time"),
    Sentence("malformed reply to {stage}: {line}"),
    Sentence("a reply to {stage} without end"),
    Sentence("a reply line without end"),
    Sentence("the relay spoke unasked: {reply}"),
    Sentence("data in clear behind the reply to STARTTLS"),
    Sentence("the relay talks without end"),
    Sentence("closed by us"),
    Sentence("not opened"),
    Sentence("not open"),
    Sentence("refused"),
    Sentence("the relay takes no more of the message"),
    Sentence("the database was in trouble"),
    Sentence("the lease was lost"),
    Sentence("the reader left meanwhile"),
    Sentence("stopped"),
    Sentence("interrupted"),
    # What is in doubt, and what became of it.
    Sentence("in doubt: {reason} after the final dot"),
    Sentence("in doubt: its worker is gone"),
    Sentence("in doubt: its worker lost sight of it"),
    Sentence("in doubt: it was sent once, without an answer"),
    Sentence("{reason}; not sent again: {otherwise}"),
    Sentence("{reason}; taken as sent by hand"),
    Sentence("{reason}; taken as failed by hand"),
    Sentence("taken as sent by hand"),
    Sentence("taken as failed by hand"),
    # Why nothing was sent.
    Sentence("the mailing was cancelled"),
    Sentence("its time was up"),
    Sentence("no item for this reader"),
    # What keeps a worker from sending.
    Sentence("The relay {relay} cannot be used: {reason}."),
    Sentence("The relay {relay} ended {count} connections in a row: {reason}."),
    Sentence("its certificate is not good: {reason}"),
    Sentence("it offers neither AUTH PLAIN nor AUTH LOGIN"),
)
