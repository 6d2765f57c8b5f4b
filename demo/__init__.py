"""A small web of sample sites on loopback with a timeline of publishing and editing, and the tour that crawls it."""
