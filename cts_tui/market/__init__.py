"""Market data in: feeds, their cleaning, and the candle buffers the pipeline reads."""
