"""Rules over history: fills, metrics, reports."""
