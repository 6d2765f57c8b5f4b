"""Measurements and long proofs, each with a make target and a short form in the tests."""
