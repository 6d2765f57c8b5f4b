"""How Alembic runs: on the engine that Yaodian itself uses, all revisions in one transaction."""

from typing import Any, Literal

from alembic import context

from store.columns import Moment, PackedJson
from store.database import migrating_engine
from store.models import Base


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A revision names plain types: it must mean the same when our own types have changed since."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, PackedJson):
        return "sa.LargeBinary()"
    return False


engine = migrating_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
