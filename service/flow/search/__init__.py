"""Finding: queries, hits, suggestions, saved searches, related documents."""
