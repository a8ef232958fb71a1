"""Loopback exchanges that speak another dialect than Binance's, over the same matching engines."""
