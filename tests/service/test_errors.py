"""Every error of every room has a row that says what it means outside."""

import credit.errors
import intake.errors
import retention.errors
import search.errors
import service.errors
import vault.errors
from service.errors import OUTCOMES, outcome

MODULES = (intake.errors, vault.errors, search.errors, retention.errors, credit.errors, service.errors)


def _errors():
    for module in MODULES:
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, Exception) and thing.__module__ == module.__name__:
                yield thing


def test_every_error_has_a_row():
    assert [error.__name__ for error in _errors() if error not in OUTCOMES] == []


def test_rows_are_sound():
    for error, row in OUTCOMES.items():
        assert 400 <= row.http_status < 600, error
        assert row.exit_code in (1, 2, 3, 4, 5, 6), error
        assert (row.http_status == 503) == (row.exit_code in (2, 5) and row.http_status == 503), error


def test_a_services_outage_is_503_and_exit_5():
    for error in (vault.errors.StoreUnavailable, search.errors.IndexUnavailable, service.errors.DatabaseUnavailable):
        assert (OUTCOMES[error].http_status, OUTCOMES[error].exit_code) == (503, 5)


def test_an_error_without_a_row_of_its_own_means_what_its_ancestor_means():
    class Special(retention.errors.DestructionBlocked):
        pass

    assert outcome(Special()) == OUTCOMES[retention.errors.DestructionBlocked]
    assert outcome(ValueError()).http_status == 500
