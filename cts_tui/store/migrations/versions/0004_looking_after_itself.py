"""Alerts, where they are told, health over time, rows set aside by repairs; indexes

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("raised_at", sa.String(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("cleared_at", sa.String(), nullable=True),
        sa.Column("notified_at", sa.String(), nullable=True),
        sa.Column("acked_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("rule", "subject", "raised_at", name="uq_alerts"),
    )
    op.create_index("ix_alerts_cleared_at", "alerts", ["cleared_at"])
    op.create_table(
        "alert_targets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("sent_at", sa.String(), nullable=True),
        sa.Column("failed_at", sa.String(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "health_samples",
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("figures", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("time_ms"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("time", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_signals_status", "signals", ["status"])
    op.create_index(
        "ix_positions_realized", "positions", ["connection_id", "closed_at", "is_live", "pnl"]
    )
    op.create_index("ix_orders_position_key", "orders", ["position_key"])
    op.create_index("ix_fills_client_order_id", "fills", ["client_order_id"])


def downgrade() -> None:
    op.drop_index("ix_fills_client_order_id", "fills")
    op.drop_index("ix_orders_position_key", "orders")
    op.drop_index("ix_positions_realized", "positions")
    op.drop_index("ix_signals_status", "signals")
    op.drop_table("quarantine")
    op.drop_table("health_samples")
    op.drop_table("alert_targets")
    op.drop_index("ix_alerts_cleared_at", "alerts")
    op.drop_table("alerts")
