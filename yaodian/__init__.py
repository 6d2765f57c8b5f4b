"""The program: command line and settings."""
