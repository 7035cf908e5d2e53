"""A question to a list: for a person, for everybody, one question after another."""
