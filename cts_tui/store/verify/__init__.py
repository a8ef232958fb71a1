"""Verifying the store: every check declared once, run over all rows in small slices."""
