"""What a re-assessment of all customers moved, told one by one after it took effect: a decision on thousands waits for no receiver."""

from datetime import timedelta

from sqlalchemy import exists, select

from service.flow.credit.blocks import grade_changed
from service.flow.credit.warning_desk import lock_customers
from service.house import House
from service.records.tables import AssessmentRecord, Delivery, PortfolioRun, RunRow

_SOME = 200
#: What was decided longer ago and told nobody had nobody to tell.
_WITHIN = timedelta(days=3)


def tell_moved(house: House) -> int:
    """Tell of grades that approved runs changed and that nobody was told of yet; returns how many. Can be run twice, and by many."""
    record, row, run = AssessmentRecord, RunRow, PortfolioRun
    moved = (
        select(record.id, record.customer_id, row.before_grade, row.after_grade)
        .join(run, run.id == record.run_id)
        .join(row, (row.run_id == run.id) & (row.customer_id == record.customer_id))
        .where(run.state == "approved", run.decided_at > house.clock.now() - _WITHIN)
        .where(record.state == "in_force", row.before_grade != row.after_grade)
        .where(~exists().where(Delivery.event_id == record.id + ":grade"))
        .order_by(record.id)
        .limit(_SOME)
    )
    with house.database.read() as session:
        found = session.execute(moved).all()
    if found:
        with house.database.write() as session:
            customers = lock_customers(session, {customer_id for _id, customer_id, _before, _after in found})
            for record_id, customer_id, before, after in found:
                grade_changed(house, session, customers[customer_id], before or None, after, record_id)
    return len(found)
