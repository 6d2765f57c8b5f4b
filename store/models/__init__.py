"""The rows. Each class is a table; the words are those of the design, and what a row promises stands beside it."""

from store.models.access import Operator, OperatorSession, Token
from store.models.base import Base
from store.models.documents import (
    Attachment,
    Capture,
    Change,
    Document,
    DocumentUrl,
    Rereading,
    SpareFile,
    Version,
)
from store.models.plans import Decision, Fingerprint, Plan, PlanAlias
from store.models.readers import Bounce, Delivery, Digest, DigestChange, Letter, Subscription
from store.models.service import Chore, Duty, HostDay
from store.models.sources import (
    ONLY_RECHECKS,
    Backfill,
    HealthEvent,
    Host,
    ListingPage,
    Run,
    Source,
    SourceHealth,
    Template,
)
from store.models.words import Ended, Indexed

__all__ = [
    "ONLY_RECHECKS",
    "Attachment",
    "Backfill",
    "Base",
    "Bounce",
    "Capture",
    "Change",
    "Chore",
    "Decision",
    "Delivery",
    "Digest",
    "DigestChange",
    "Document",
    "DocumentUrl",
    "Duty",
    "Ended",
    "Fingerprint",
    "HealthEvent",
    "Host",
    "HostDay",
    "Indexed",
    "Letter",
    "ListingPage",
    "Operator",
    "OperatorSession",
    "Plan",
    "PlanAlias",
    "Rereading",
    "Run",
    "Source",
    "SourceHealth",
    "SpareFile",
    "Subscription",
    "Template",
    "Token",
    "Version",
]
