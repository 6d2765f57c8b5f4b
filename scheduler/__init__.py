"""When things happen: which sources are due, and when they will be again."""
