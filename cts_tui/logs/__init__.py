"""The log: one JSON object a line, with connection, processor and cycle, in files that rotate."""
