"""The commands of `juanzong`, a group a file; each imports what it needs only when it runs."""
