"""Runs the migrations on the connection that `store.schema` hands over."""

from alembic import context

from cts_tui.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
