"""The history of the schema, and Alembic to walk it; imported only where the schema is changed."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(tx: Connection, *, version_table: str) -> None:
    """Bring the schema to the newest revision."""
    command.upgrade(configure(tx, version_table=version_table), "head")


def downgrade(tx: Connection, revision: str, *, version_table: str) -> None:
    """Take the schema back to `revision`."""
    command.downgrade(configure(tx, version_table=version_table), revision)


def configure(tx: Connection | None = None, *, version_table: str) -> Config:
    """Tell Alembic where the revisions are, and in which transaction to apply them."""
    config = Config()
    # Alembic reads this through ConfigParser, to which % is special.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes.update(connection=tx, version_table=version_table)
    return config
