"""No publication can take an address with which a page of the site begins."""

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from mailer.publication import fault_in_slug


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_first_word_of_an_address_is_reserved(app: FastAPI) -> None:
    words = {str(route.path).split("/")[1] for route in iter_route_contexts(app.routes)}
    for word in words:
        if word and "{" not in word and "." not in word:
            assert fault_in_slug(word, frozenset()) is not None, word
