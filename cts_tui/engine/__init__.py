"""The engine: one ConnectionEngine per enabled connection, its processors and its watch."""
