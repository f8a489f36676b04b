"""What Alembic runs a migration with: the connection that ``Database`` has opened, whose transaction it joins."""

from alembic import context

from control.registry.store.model import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
