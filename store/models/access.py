"""Who may change things."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class Token(Base):
    """What lets a program write through the API: a name for people, and the hash of the token, never the token.
    `token_hash` is SHA-256 in hex; that of a token not used since version 0.1 is still argon2's."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_hash: Mapped[str]
    created_at: Mapped[dt.datetime]


class Operator(Base):
    """Who may change things on the web; `password_hash` is argon2's."""

    __tablename__ = "operators"

    name: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str]
    created_at: Mapped[dt.datetime]


class OperatorSession(Base):
    """An operator signed in, in one browser; `id_hash` is SHA-256, in hex, of the id in its cookie."""

    __tablename__ = "sessions"

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    operator: Mapped[str] = mapped_column(ForeignKey("operators.name"), index=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
