"""What search refuses, and what it could not do."""


class SearchError(Exception):
    """Base of every search error."""


class BadQuery(SearchError):
    """The query cannot be understood; `position` is the offset of the first character that is wrong."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class IndexUnavailable(SearchError):
    """The engine cannot be reached, or its index is damaged; it can be rebuilt from the database and the vault."""
