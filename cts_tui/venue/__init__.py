"""Orders out: the Venue protocol and its adapters."""
