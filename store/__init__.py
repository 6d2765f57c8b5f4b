"""What is kept: the data that flows, the rows, the archive, versions, diffs, plans. Imports no other room."""
