"""What Alembic asks for: the connection that `storage.migrate` opened, and the declared tables."""

from alembic import context

from storage.base import SCHEMA
from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
    compare_server_default=True,
)
context.run_migrations()
