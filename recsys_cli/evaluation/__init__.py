"""Held-out ratings to numbers, beside what a model must beat."""
