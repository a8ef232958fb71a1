"""Alembic migrations: every schema that was ever released, in order."""
