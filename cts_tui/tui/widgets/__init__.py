"""Widgets: each knows one concept, is given plain values, and never asks the desk."""
