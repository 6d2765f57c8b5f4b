"""What programs ask for outside the API: Memento, feeds, health, metrics; each module is found by looking."""
