"""The strategy language: parse, check, evaluate over history and candle by candle."""
