"""What Alembic runs: migrate on the connection that it was given."""

from __future__ import annotations

from alembic import context

from gearshift.decision_log.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
