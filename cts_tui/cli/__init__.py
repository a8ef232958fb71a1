"""The command line face: Typer commands, one file per noun."""
