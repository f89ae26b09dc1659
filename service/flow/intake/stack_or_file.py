"""A file from a channel where nobody can be asked: a stack is cut, anything else is one document."""

from pathlib import Path
from typing import BinaryIO

from intake.errors import Rejected
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.intake.receive import check_department
from service.flow.intake.stacks import AT_ONCE, How, StackReceived, check_how, receive_stack
from service.house import House


def take_stack(
    house: House,
    actor: Actor,
    source: BinaryIO | Path,
    filename: str,
    *,
    how: How,
    batch: str,
    channel: str,
    department_id: str | None,
    stack_id: str | None = None,
) -> StackReceived | None:
    """Receive a stack; None, and nothing is stored, when the file can hold only one document.

    A long one is cut by the worker. Raises as `receive_stack`, but Rejected where the batch does not take it: sent again it
    would fare no better.
    """
    check_how(how)
    if department_id:
        check_department(house, actor, department_id)
    try:
        return receive_stack(
            house,
            actor,
            source,
            filename,
            batch=batch,
            channel=channel,
            department_id=department_id,
            how=how,
            most=AT_ONCE,
            stack_id=stack_id,
        )
    except (RuleRefused, BadInput) as error:  # released, or of another number of sides
        raise Rejected("batch_refuses", str(error)) from error
    except Rejected as error:
        if error.code != "no_stack" or how.portion:  # a part of something else is no document
            raise
        return None
