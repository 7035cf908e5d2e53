"""Closed forms on sparse matrices, each written once."""
