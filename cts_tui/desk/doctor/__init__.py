"""A report for a bug that says what happened and not whose desk it is."""
