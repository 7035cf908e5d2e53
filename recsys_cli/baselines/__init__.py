"""What a model must beat: simple recommenders, fitted to the same ratings in seconds. Arrays in, arrays out."""
