"""Sources: their schema, the catalogue that ships with Yaodian, and the operator's own files."""
