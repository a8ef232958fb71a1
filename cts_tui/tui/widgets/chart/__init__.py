"""The parts of the candle chart: what to show where, and which characters that takes."""
