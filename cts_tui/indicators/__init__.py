"""TA-Lib behind one registry: names, parameters, warm-up, vector and stream."""
