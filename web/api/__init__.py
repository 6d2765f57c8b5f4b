"""The archive as an API: each module is a part of /api/v1, found by looking; shapes are those of the command line."""
