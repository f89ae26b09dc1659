"""Search: query language, what is indexed, and one index port with two engines."""
