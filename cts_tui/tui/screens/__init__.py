"""Screens: each composes widgets, reads its views from the desk, and asks the desk for changes."""
