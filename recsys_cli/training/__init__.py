"""Ratings to a model folder."""
