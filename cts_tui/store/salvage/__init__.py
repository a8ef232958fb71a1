"""Salvage of a file that SQLite calls damaged: page by page, into a new file beside it.

SQLite reads a table from its root and ends at the first page that is none. Here every page is
looked at by itself, so that what lies behind a broken one is found as well. The format is the one
of https://www.sqlite.org/fileformat2.html; nothing else is read, and nothing is made up.
"""
