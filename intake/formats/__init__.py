"""The formats that are taken in: by content, never by name; each opens to its pages as pictures."""
