"""Downloader middlewares: each does one thing in one file."""
