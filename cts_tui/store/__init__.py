"""The one local database: tables, migrations, the single writer, queries."""
