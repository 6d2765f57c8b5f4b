"""The archive as pages and as an API: reads the store, and puts questions and answers into HTTP."""
