"""What somebody has typed and not saved, put over the issue that is stored: a pure function."""

import datetime as calendar
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mailer.publication.content import Issue, Item, Picture, slug_from


@dataclass(frozen=True, slots=True)
class TypedItem:
    """An item as it stands on the screen; `id` 0 is one that was never saved.

    What is None was not touched. `picture` is the hash of a picture that is kept, or "" for none.
    """

    id: int = 0
    title: str | None = None
    topic: str | None = None
    summary: str | None = None
    body: str | None = None
    link: str | None = None
    members_only: bool | None = None
    picture: str | None = None
    picture_alt: str | None = None
    picture_caption: str | None = None


@dataclass(frozen=True, slots=True)
class Typed:
    """An issue as it stands on the screen: what is None was not touched."""

    title: str | None = None
    date: calendar.date | None = None
    subject: str | None = None
    preheader: str | None = None
    language: str | None = None
    items: tuple[TypedItem, ...] | None = None


_NO_PICTURES: Mapping[str, Picture] = {}
_OF_ISSUE = ("title", "date", "subject", "preheader", "language")
_OF_ITEM = ("title", "topic", "summary", "body", "link", "members_only")


def with_typed(issue: Issue, typed: Typed, pictures: Mapping[str, Picture] = _NO_PICTURES) -> Issue:
    """The issue as it would be saved now; `pictures` are those that are new to it, by hash.

    An item that somebody else has taken away meanwhile is shown as a new one.
    """
    items = issue.items
    if typed.items is not None:
        known = {picture.hash: picture for item in items if (picture := item.picture)}
        pictures = {**known, **pictures}
        stored = {item.id: item for item in items}
        made: list[Item] = []
        for position, one in enumerate(typed.items, 1):
            slugs = {item.slug for item in (*items, *made)}
            item = stored.get(one.id) or _new(one, slugs)
            made.append(replace(_over(item, one, pictures), position=position))
        items = tuple(made)
    return replace(issue, items=items, **_touched(typed, _OF_ISSUE))


def _over(item: Item, typed: TypedItem, pictures: Mapping[str, Picture]) -> Item:
    picture = item.picture
    if typed.picture is not None:
        picture = pictures.get(typed.picture)
    if picture is not None and typed.picture_alt is not None:
        picture = replace(picture, alt=typed.picture_alt)
    if picture is not None and typed.picture_caption is not None:
        picture = replace(picture, caption=typed.picture_caption)
    return replace(item, picture=picture, **_touched(typed, _OF_ITEM))


def _new(typed: TypedItem, slugs: set[str]) -> Item:
    slug = slug_from(typed.title or "", slugs, "item")
    return Item(0, 0, slug, "", "", "", "", "", members_only=False)


def _touched(typed: Typed | TypedItem, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(typed, name)) is not None}
