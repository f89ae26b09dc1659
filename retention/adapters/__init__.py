"""Where the rules get their data from."""
