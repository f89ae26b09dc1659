"""What each kind of document says, a kind a file. Every reader takes a `Paper` and returns fields by name."""
