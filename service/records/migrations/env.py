"""Alembic's environment: it runs on the connection that `service.records.migrate` hands in."""

from alembic import context

from service.records.tables import whole

context.configure(connection=context.config.attributes["connection"], target_metadata=whole(), render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
