"""Background work. The queue only carries hints: the truth about what waits is each document's state."""
