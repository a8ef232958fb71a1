"""Mending the store: remedies for what the checks find, and recovery of files that are damaged."""
