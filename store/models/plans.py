"""Plans, and what tells which documents carry one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store.models.base import Base

if TYPE_CHECKING:
    from store.models.documents import Document


class Plan(Base):
    """The work itself. What it says of itself comes from its original document."""

    __tablename__ = "plans"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    publisher: Mapped[str | None]
    region: Mapped[str | None] = mapped_column(index=True)
    kind: Mapped[str | None]
    period_start: Mapped[int | None] = mapped_column(index=True)
    period_end: Mapped[int | None]
    document_number: Mapped[str | None]

    documents: Mapped[list[Document]] = relationship(
        back_populates="plan", order_by="(Document.found_at, Document.id)"
    )

    @property
    def original(self) -> Document:
        return next(document for document in self.documents if document.role == "original")


class PlanAlias(Base):
    """An id under which a plan was known before it was merged into another."""

    __tablename__ = "plan_aliases"

    former_id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id"), index=True)


class Decision(Base):
    """What a person said of two documents, the lesser id first: that they carry one plan, or two. Linking obeys."""

    __tablename__ = "decisions"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True, index=True)
    together: Mapped[bool]
    decided_at: Mapped[dt.datetime]


class Fingerprint(Base):
    """FracMinHash of a document's current text: the 8-grams of Chinese characters whose hash is 0 mod 64. Only what can
    tell plans apart is kept: of a plan's documents the original and the first few, of a hash the first hundred."""

    __tablename__ = "fingerprints"

    hash: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True, index=True)
