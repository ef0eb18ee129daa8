"""What Alembic runs: the steps, on the connection that the store has opened."""

from alembic import context

from photochrom.turing.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
