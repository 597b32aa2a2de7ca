"""What somebody agreed to is kept word for word: the same page, the same row, in every release."""

import pytest

from mailer.audience import Wording
from mailer.web.catalogue import catalogue_of
from mailer.web.wordings import confirmation, consent

PSG = "Peru Support Group"


ENGLISH = "Peru Support Group sends you the Update by email until you leave, which takes one click."
SPANISH = (
    "Peru Support Group le envía «Update» por correo electrónico hasta que se dé de baja, con un "
    "solo clic."
)


@pytest.mark.parametrize(
    ("language", "served", "words"),
    [("en", "en", ENGLISH), ("es-PE", "es", SPANISH), ("fr", "en", ENGLISH)],
)
def test_what_a_form_says_that_subscribing_means(language: str, served: str, words: str) -> None:
    assert consent(catalogue_of(language), PSG, "Update") == Wording(words, served)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "You asked for the Update of Peru Support Group at …. Yes, send me the Update",
        ),
        (
            "es",
            "Pidió recibir «Update» de Peru Support Group en …. Sí, quiero recibir «Update»",
        ),
    ],
)
def test_what_the_page_of_confirmation_says(language: str, words: str) -> None:
    assert confirmation(catalogue_of(language), PSG, "Update") == Wording(words, language)


def test_names_are_kept_as_they_are_and_not_as_html() -> None:
    said = consent(catalogue_of("en"), "Tea & {cake}", "A<b>").text
    assert said.startswith("Tea & {cake} sends you the A<b> by email")
