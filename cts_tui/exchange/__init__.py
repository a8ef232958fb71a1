"""The exchanges as ccxt knows them: the only room that imports ccxt, below market and venue."""
