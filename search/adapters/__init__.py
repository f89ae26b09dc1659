"""The engines behind the port. An engine is imported only when it is opened: a cold search must not wait for the other."""

from pathlib import Path
from urllib.parse import urlsplit

from search.errors import SearchError
from search.ports import SearchIndex


def open_index(
    url: str, *, ca: Path | None = None, api_key: str = "", shards: int = 1, replicas: int = 0
) -> SearchIndex:
    """Return the index a setting names: ``tantivy:///absolute/path`` or ``http(s)://[user:password@]host:port[/prefix]``.

    Only for the latter: ca, the file with the certificates that the server's own leads to; api_key instead of user and password; shards and
    replicas of indexes made from now on. Nothing is contacted yet. Raises SearchError when the address is not one of these.
    """
    parts = urlsplit(url)
    if parts.scheme == "tantivy" and not parts.netloc and parts.path.startswith("/") and parts.path != "/":
        from urllib.parse import unquote

        from search.adapters.tantivy_generations import TantivyGenerations

        return TantivyGenerations(unquote(parts.path))
    if parts.scheme in ("http", "https") and parts.hostname:
        from search.adapters.elasticsearch import Cluster, ElasticsearchIndex

        return ElasticsearchIndex(url, Cluster(ca, api_key, shards, replicas))
    raise SearchError("the search address must be tantivy:///absolute/path or http(s)://host:port[/prefix]")
