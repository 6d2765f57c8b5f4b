"""How Alembic runs: on the engine that Yaodian itself uses, all revisions in one transaction."""

from typing import Any, Literal

from alembic import context

from store.columns import Moment, PackedJson, Words
from store.database import migrating
from store.models import Base


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A revision names plain types: it must mean the same when our own types have changed since."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, PackedJson):
        return "sa.LargeBinary()"
    if kind == "type" and isinstance(item, Words):
        return 'sa.String().with_variant(sa.String(collation="C"), "postgresql")'
    return False


with migrating(context.config.attributes["url"]) as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_item=render_item)
    context.run_migrations()
