"""The workflow test: is everything in order from the database to a trade, stage by stage."""
