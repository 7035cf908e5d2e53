"""Closed forms on NumPy arrays and sparse matrices, each written once: none knows of a model or a command."""
