"""The two towers in paddle."""
