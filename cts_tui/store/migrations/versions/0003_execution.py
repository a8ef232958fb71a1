"""Orders with purpose and answer, positions made of many fills, externals, balances, limits

Revision: 0003
Follows: 0002
"""

from decimal import Decimal

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ORDER_COLUMNS = ("time_in_force", "purpose", "timeframe", "answer")
_SUMS = ("entered", "entry_cost", "exited", "exit_value", "paid_fees")


def upgrade() -> None:
    _widen_orders()
    _widen_positions()
    _name_fills_by_symbol()
    _add_account_tables()


def _widen_orders() -> None:
    with op.batch_alter_table("orders") as orders:
        for name in _ORDER_COLUMNS:
            orders.add_column(sa.Column(name, sa.String(), nullable=True))
        orders.add_column(sa.Column("is_live", sa.Boolean(), nullable=True))
    op.execute(
        "UPDATE orders SET time_in_force = 'gtc', timeframe = '', answer = '', "
        "is_live = (0 = 1), purpose = CASE WHEN reduce_only THEN 'exit' ELSE 'entry' END"
    )
    with op.batch_alter_table("orders") as orders:
        for name in _ORDER_COLUMNS:
            orders.alter_column(name, existing_type=sa.String(), nullable=False)
        orders.alter_column("is_live", existing_type=sa.Boolean(), nullable=False)
    op.create_index(
        "ix_orders_connection_venue_order_id", "orders", ["connection_id", "venue_order_id"]
    )


def _widen_positions() -> None:
    with op.batch_alter_table("positions") as positions:
        for name in _SUMS:
            positions.add_column(sa.Column(name, sa.String(), nullable=True))
        positions.add_column(sa.Column("stop_order_id", sa.String(), nullable=True))
        positions.add_column(sa.Column("unprotected_since_ms", sa.BigInteger(), nullable=True))
    _sum_positions()
    with op.batch_alter_table("positions") as positions:
        for name in _SUMS:
            positions.alter_column(name, existing_type=sa.String(), nullable=False)


def _sum_positions() -> None:
    """Fill in the sums: until now every position had one fill on each side."""
    bind = op.get_bind()
    rows = bind.execute(
        sa.text("SELECT id, quantity, entry_price, exit_price, fees FROM positions")
    ).all()
    sums = []
    for row in rows:
        quantity = Decimal(row.quantity)
        exit_value = quantity * Decimal(row.exit_price) if row.exit_price else Decimal(0)
        sums.append(
            {
                "id": row.id,
                "entered": row.quantity,
                "entry_cost": f"{quantity * Decimal(row.entry_price):f}",
                "exited": row.quantity if row.exit_price else "0",
                "exit_value": f"{exit_value:f}",
                "paid_fees": row.fees,
            }
        )
    if sums:
        bind.execute(
            sa.text(
                "UPDATE positions SET entered = :entered, entry_cost = :entry_cost, "
                "exited = :exited, exit_value = :exit_value, paid_fees = :paid_fees "
                "WHERE id = :id"
            ),
            sums,
        )


def _name_fills_by_symbol() -> None:
    """Tell fills apart by symbol and order too: a venue's trade ids begin anew on every symbol."""
    op.create_table(
        "fills_anew",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("client_order_id", sa.String(), nullable=False),
        sa.Column("venue_trade_id", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("price", sa.String(), nullable=False),
        sa.Column("fee", sa.String(), nullable=False),
        sa.Column("fee_currency", sa.String(), nullable=False),
        sa.Column("venue_order_id", sa.String(), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        _owner(),
        sa.ForeignKeyConstraint(
            ["client_order_id"], ["orders.client_order_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("connection_id", "symbol", "venue_trade_id", "client_order_id"),
    )
    op.execute(
        "INSERT INTO fills_anew (id, connection_id, client_order_id, venue_trade_id, symbol, side, "
        "quantity, price, fee, fee_currency, venue_order_id, time_ms) "
        "SELECT f.id, f.connection_id, f.client_order_id, f.venue_trade_id, f.symbol, f.side, "
        "f.quantity, f.price, f.fee, f.fee_currency, COALESCE(o.venue_order_id, ''), f.time_ms "
        "FROM fills f LEFT JOIN orders o ON o.client_order_id = f.client_order_id"
    )
    op.drop_table("fills")
    op.rename_table("fills_anew", "fills")


def _owner() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], ondelete="CASCADE")


def _add_account_tables() -> None:
    op.create_table(
        "externals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("venue_key", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("price", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("wish", sa.String(), nullable=True),
        sa.Column("first_seen_at", sa.String(), nullable=False),
        sa.Column("last_seen_at", sa.String(), nullable=False),
        _owner(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("connection_id", "kind", "venue_key"),
    )
    op.create_table(
        "balances",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("free", sa.String(), nullable=False),
        sa.Column("used", sa.String(), nullable=False),
        sa.Column("total", sa.String(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
        _owner(),
        sa.PrimaryKeyConstraint("connection_id", "is_live", "currency"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "risk_states",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("day_equity", sa.String(), nullable=True),
        sa.Column("capital", sa.String(), nullable=True),
        sa.Column("peak_equity", sa.String(), nullable=True),
        sa.Column("halted_at", sa.String(), nullable=True),
        sa.Column("halt_reason", sa.String(), nullable=False),
        sa.Column("is_halt_daily", sa.Boolean(), nullable=False),
        sa.Column("cool_downs", sa.String(), nullable=True),
        sa.Column("reset_requested_at", sa.String(), nullable=True),
        _owner(),
        sa.PrimaryKeyConstraint("connection_id", "is_live"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("connections") as connections:
        connections.add_column(sa.Column("flatten_requested_at", sa.String(), nullable=True))
