"""The keys of `[pace]`: when a message is tried again, and what goes slower than it could."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from mailer.config.section import Section
from mailer.config.values import DOMAIN, Duration, Line, Rate


class DomainLimit(Section):
    """What one domain of recipients is sent at most, over each relay; "*" is each other domain."""

    domain: Line
    connections: Annotated[int, Field(ge=1, le=500)] | None = None
    messages_per_minute: Rate | None = None

    @field_validator("domain")
    @classmethod
    def _a_labels(cls, value: str) -> str:
        # What is compared with it is a recipient's domain, in lower-case A-labels.
        if value != "*" and not DOMAIN.fullmatch(value):
            raise ValueError(
                'write a domain in plain ASCII, like "example.org", or "*" for each other one'
            )
        return value.lower()

    @model_validator(mode="after")
    def _some_limit(self) -> "DomainLimit":
        if self.connections is None and self.messages_per_minute is None:
            raise ValueError("it limits nothing; give connections, messages_per_minute, or both")
        return self


class Pace(Section):
    """When a message is tried again and given up, and what goes slower than it could."""

    retry_first: Duration = timedelta(minutes=5)
    give_up: Duration = timedelta(hours=48)
    pause_after_first: Annotated[int, Field(ge=0)] = 0
    pause_at_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    domain: tuple[DomainLimit, ...] = ()

    @field_validator("domain", mode="before")
    @classmethod
    def _domains(cls, value: Any) -> Any:
        if isinstance(value, dict):
            raise ValueError("write [[pace.domain]], with two brackets")
        return tuple(value) if isinstance(value, list) else value

    @field_validator("domain")
    @classmethod
    def _each_once(cls, value: tuple[DomainLimit, ...]) -> tuple[DomainLimit, ...]:
        names = [limit.domain for limit in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'"{name}" stands there twice; keep one of them')
        return value

    @field_validator("retry_first", "give_up")
    @classmethod
    def _some(cls, value: timedelta) -> timedelta:
        if value < timedelta(milliseconds=100):
            raise ValueError("must be at least 100ms")
        return value
