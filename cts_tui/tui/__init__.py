"""The terminal face: a Textual app of screens and widgets over the desk."""
