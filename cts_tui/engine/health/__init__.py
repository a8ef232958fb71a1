"""Health: what is measured, what is read of it, what is wrong by which rule."""
