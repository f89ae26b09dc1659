"""The engines behind the port. An engine is imported only when it is opened: a cold search must not wait for the other."""

from urllib.parse import urlsplit

from search.errors import SearchError
from search.ports import SearchIndex


def open_index(url: str) -> SearchIndex:
    """Return the index a setting names: ``tantivy:///absolute/path`` or ``http(s)://[user:password@]host:port[/prefix]``.

    Nothing is contacted yet. Raises SearchError when the address is not one of these.
    """
    parts = urlsplit(url)
    if parts.scheme == "tantivy" and not parts.netloc and parts.path.startswith("/") and parts.path != "/":
        from urllib.parse import unquote

        from search.adapters.tantivy import TantivyIndex

        return TantivyIndex(unquote(parts.path))
    if parts.scheme in ("http", "https") and parts.hostname:
        from search.adapters.elasticsearch import ElasticsearchIndex

        return ElasticsearchIndex(url)
    raise SearchError("the search address must be tantivy:///absolute/path or http(s)://host:port[/prefix]")
