"""Spiders. One serves every declared source."""
