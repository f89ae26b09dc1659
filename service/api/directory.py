"""The directory: who and what can be named in other calls."""

from typing import Any

from service.access import people
from service.access.policy import Actor
from service.api.operations import Operations
from service.flow.common.guard import require
from service.flow.intake import pages
from service.house import House

directory = Operations("directory")


@directory("GET", "/directory", "The departments and people that other calls can name")
def show_directory(house: House, actor: Actor) -> dict[str, Any]:
    """Return every open department, and whoever can be handler, appraiser, approver or supervisor."""
    require(actor, "directory.read")
    return {
        "departments": [
            {"id": d.id, "code": d.code, "name": d.name} for d in people.list_departments(house, closed=False)
        ],
        "people": [
            {"id": p.id, "login": p.login, "name": p.name, "department_id": p.department_id, "roles": p.roles}
            for p in pages.people(house)
        ],
    }
