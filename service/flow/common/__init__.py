"""What every room of the flow stands on: who may and sees, locks, what is kept, the index, the facts of a file."""
