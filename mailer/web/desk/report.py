"""The report on an issue that was sent."""

from collections.abc import Sequence

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from mailer import delivery, publication, staff
from mailer.delivery import Course, DomainCourse
from mailer.staff import Act
from mailer.web.desk.colleagues import People
from mailer.web.desk.counting import report_soon
from mailer.web.desk.hindering import Hindering
from mailer.web.desk.plots import Column, Line, Words, columns, shares
from mailer.web.desk.progress_words import told
from mailer.web.desk.reasons import counted
from mailer.web.desk.shell import Desk, TheDesk, look

router = APIRouter()

_FITS = 24


@look(router, "/desk/issues/{issue_id}/report", Act.LOOK)
def page(desk: TheDesk, issue_id: int) -> Response:
    """How it went."""
    with desk.database.read() as session:
        issue = publication.issue_by_id(session, issue_id)
        hindering: Hindering = desk.request.app.state.desk_hindering
        status = delivery.status_of(session, issue.id, issue.kind, desk.now)
        details = hindering.of(session, desk.config, issue, issue.kind, status, desk.now)
        report = delivery.report(session, desk.config, issue, desk.now, details)
        if report is None:
            return desk.back(f"/desk/issues/{issue.id}/send")
        people = People(desk, staff.names(session))
    report_soon(desk, report)
    status = report.status
    course = report.course
    return desk.page(
        "send/report",
        issue=issue,
        report=report,
        told_of=told(desk, issue, status, report.details, people, desk.now),
        sentences=_sentences(desk, course),
        week_is_over=desk.now >= report.leaving.until,
        over_time=_over_time(desk, course) if course and course.buckets else None,
        by_domain=_by_domain(desk, course) if course and course.domains else None,
        domains=_domains(desk, course),
        failures=counted(desk, report.details.reasons, "failed"),
        failed=_failed(desk, counted(desk, report.details.reasons, "failed")),
        span=lambda seconds: span(desk, seconds),
    )


def span(desk: Desk, seconds: int) -> str:
    """A span of time as people say it, to its largest unit."""
    if seconds < 60:
        return desk.count("{n} second", "{n} seconds", seconds)
    if seconds < 3600:
        return desk.count("{n} minute", "{n} minutes", round(seconds / 60))
    if seconds < 2 * 86400:
        return desk.count("{n} hour", "{n} hours", round(seconds / 3600))
    return desk.count("{n} day", "{n} days", round(seconds / 86400))


def _sentences(desk: Desk, course: Course | None) -> list[str]:
    if course is None:
        return [desk.say("The figures are being counted; look again in a moment.")]
    if course.half_s is None or course.most_s is None:
        return []
    said = [
        desk.say(
            "Half of them had it within {half}, 95 of 100 within {most}.",
            half=span(desk, course.half_s + 1),
            most=span(desk, course.most_s + 1),
        )
    ]
    if course.again:
        said.append(
            desk.count(
                "{n} letter took more than one try.",
                "{n} letters took more than one try.",
                course.again,
            )
        )
    return said


def _over_time(desk: Desk, course: Course) -> Markup:
    peak = max(course.buckets, key=lambda one: one.sent)
    each = span(desk, course.width_s)
    words = Words(
        desk.say("Delivered over time"),
        desk.say(
            "Letters accepted in each {span} since the start; the most were {n}, after {after}.",
            span=each,
            n=desk.catalogue.number(peak.sent),
            after=span(desk, peak.after_s),
        ),
    )
    peak_words = desk.say("{n} in {span}", n=desk.catalogue.number(peak.sent), span=each)
    shown = [Column(one.sent, peak_words if one is peak else "") for one in course.buckets]
    end = course.buckets[-1].after_s + course.width_s
    return columns("over-time", words, shown, desk.say("Start"), span(desk, end))


def _domains(desk: Desk, course: Course | None) -> list[DomainCourse]:
    """The domains of the table, the others last."""
    if course is None:
        return []
    if course.other_domains is None:
        return list(course.domains)
    other = course.other_domains
    named = DomainCourse(
        desk.say("all others"), other.sent, other.deferred, other.failed, other.in_doubt
    )
    return [*course.domains, named]


def _by_domain(desk: Desk, course: Course) -> Markup:
    largest = course.domains[0]
    words = Words(
        desk.say("By domain"),
        desk.say(
            "Letters by the domain of the address; most went to {domain}.", domain=largest.domain
        ),
    )
    lines = [
        Line(
            _short(one.domain),
            (("sent", one.sent), ("deferred", one.deferred + one.in_doubt), ("failed", one.failed)),
            _of_all(desk, one),
        )
        for one in _domains(desk, course)
    ]
    return shares("by-domain", words, lines)


def _short(domain: str) -> str:
    """A domain that fits beside its figures; the table has all of it."""
    return domain if len(domain) <= _FITS else f"{domain[:_FITS]}…"


def _of_all(desk: Desk, one: DomainCourse) -> str:
    letters = one.sent + one.deferred + one.failed + one.in_doubt
    if one.sent == letters:
        return desk.catalogue.number(letters)
    return desk.count(
        "{sent} of {n}", "{sent} of {n}", letters, sent=desk.catalogue.number(one.sent)
    )


def _failed(desk: Desk, failures: Sequence[tuple[str, int]]) -> Markup | None:
    if not failures:
        return None
    words = Words(
        desk.say("Failures by reason"),
        desk.say("Letters that were refused for good; most often: {reason}.",
                 reason=failures[0][0]),
    )  # fmt: skip
    lines = [
        Line(reason, (("failed", count),), desk.catalogue.number(count))
        for reason, count in failures
    ]
    return shares("failures", words, lines)
