"""Addresses of the application: found at once, built when someone asks for one."""

from collections.abc import Callable
from functools import cache

from werkzeug.routing import Rule


class Route(Rule):
    """A route whose builder of addresses is compiled when the first address is built with it.

    Compiling costs more than all else that starting the application does, and a process builds the addresses of few of its
    several hundred routes.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002  # as it is there
        @cache
        def compiled() -> Callable[..., tuple[str, str]]:
            return Rule._compile_builder(self, append_unknown)  # noqa: SLF001  # what is put off

        def build(route: Rule, /, **values: object) -> tuple[str, str]:
            return compiled()(route, **values)

        return build
