"""Search of every version ever stored: how text becomes words, what a query means, where it is found."""
