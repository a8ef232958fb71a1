"""The desk's words: frozen values and enums that every room uses. Imports no other room."""
