"""What is said of a site or of the service: kept and logged in English, and put into the reader's language where it is shown."""

from __future__ import annotations


def said(message: str, /, **values: object) -> str:
    """A sentence, or a part of one, with its `{values}` filled in. `make messages` collects the messages, so each is written
    out where it is said; `notify.wording` finds a sentence's message again by its words."""
    return message.format(**values)
