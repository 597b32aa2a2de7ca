"""Each finding leads to the field that mends it, and says the same in another language."""

from dataclasses import replace

import pytest

from mailer.letter import Facts, IssueLetter, LinkAnswer, Picture, Where, preflight
from mailer.sentence import Sentence
from tests.letter.preflight.conftest import Checked

ITEM = [
    ({"title": ""}, Where("item", "title", 1)),
    ({"summary": "", "body": ""}, Where("item", "summary", 1)),
    ({"summary": "[here](https://a.example/)"}, Where("item", "summary", 1)),
    ({"body": "[x](http://10.0.0.1/)"}, Where("item", "body", 1)),
    ({"body": "# One\n\n### Three"}, Where("item", "body", 1)),
    ({"body": "[a b](htt ps://x)"}, Where("item", "body", 1)),
    ({"body": "[a]({{ greeting }}/x)"}, Where("item", "body", 1)),
    ({"url": "http://192.168.1.1/"}, Where("item", "link", 1)),
    ({"topic": "{{ nobody }}"}, Where("item", "topic", 1)),
    (
        {"picture": Picture("https://a.example/p", 10, 10, "", octets=1)},
        Where("item", "picture_alt", 1),
    ),
]


@pytest.mark.parametrize(("changes", "where"), ITEM)
def test_a_finding_about_an_item(
    checked: Checked, changes: dict[str, object], where: Where
) -> None:
    item = replace(checked.issue.items[0], **changes)  # type: ignore[arg-type]
    assert where in _where(checked, replace(checked.issue, items=(item,)))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"subject": ""}, Where("issue", "subject")),
        ({"preheader": ""}, Where("issue", "preheader")),
        ({"language": "?"}, Where("issue", "language")),
        ({"items": ()}, Where("issue", "items")),
        ({"title": "{{ nobody }}"}, Where("issue", "title")),
    ],
)
def test_a_finding_about_the_issue(
    checked: Checked, changes: dict[str, object], where: Where
) -> None:
    assert where in _where(checked, replace(checked.issue, **changes))  # type: ignore[arg-type]


def test_a_finding_about_the_second_item(checked: Checked) -> None:
    first, second = checked.issue.items[0], replace(checked.issue.items[0], title="Again")
    content = replace(checked.issue, items=(first, second))
    assert Where("item", "title", 2) in _where(checked, content)


def test_what_no_issue_can_mend_leads_to_its_settings(checked: Checked) -> None:
    organisation = replace(
        checked.issue.organisation, address="", accent="#FFFF00", url="http://a.example"
    )
    found = _where(checked, replace(checked.issue, organisation=organisation))
    assert Where("configuration", "organisation.address") in found
    assert Where("configuration", "site.url") in found
    assert Where("publication", "accent") in found


def test_a_dead_link_leads_to_the_text_in_which_it_stands(checked: Checked) -> None:
    url = "https://gone.example/"
    item = replace(checked.issue.items[0], members_only=True, body=f"[The minutes]({url})")
    facts = Facts(answers=(LinkAnswer(url, "dead", "it answers 404"),))
    findings = preflight(replace(checked.issue, items=(item,)), checked.theme, facts=facts)
    (found,) = (one for one in findings if one.check == "dead_links")
    assert found.where == Where("item", "body", 1)


def test_where_in_one_line() -> None:
    assert str(Where("item", "body", 2)) == "item 2 body"
    assert str(Where("issue", "subject")) == "issue subject"
    assert str(Where("letter")) == "letter"


def test_findings_keep_their_template_and_values(checked: Checked) -> None:
    content = replace(checked.issue, subject="S" * 80)
    (found,) = (one for one in preflight(content, checked.theme) if one.check == "subject")
    assert isinstance(found.reason, Sentence)
    assert found.reason.template == "It has {count} characters; phones show about {most}."
    assert found.reason.values == {"count": 80, "most": 60}


def _where(checked: Checked, content: IssueLetter) -> list[Where]:
    return [finding.where for finding in preflight(content, checked.theme)]
