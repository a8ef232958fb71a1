"""Benchmarks of the budgets in design.md §7: `make bench`. Never timed tests."""
