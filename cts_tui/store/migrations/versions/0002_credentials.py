"""Encrypted credentials, symbol filters, test reports

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credentials",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id"),
    )
    op.add_column("connections", sa.Column("symbols_filter", sa.String(), nullable=True))
    # the column held text that nothing wrote; from now on it holds a report as JSON
    op.execute("UPDATE connections SET last_test = NULL")


def downgrade() -> None:
    op.execute("UPDATE connections SET last_test = NULL")
    with op.batch_alter_table("connections") as connections:
        connections.drop_column("symbols_filter")
    op.drop_table("credentials")
