"""What asking a site may cost, and who asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one site may cost: seconds and bytes of one answer, and pages of one listing that one back-fill reads."""

    timeout_s: float = 60
    max_bytes: int = 16 << 20
    listing_pages: int = 2000


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: how a site's administrator reaches us, and what we may ask."""

    contact: str = ""
    allow_private: bool = False
    limits: Limits = USUAL
