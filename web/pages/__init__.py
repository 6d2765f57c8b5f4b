"""Pages for readers and for the operator: one module a subject, with `router`. A new subject is a new file here."""
