"""Who is told what: subscriptions, digests, mail."""
