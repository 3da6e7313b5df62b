"""One row of `events.parquet`, as the columns that say something."""

from typing import Any, TypeAlias

#: Values by column; a column that is left out is missing in the row.
Row: TypeAlias = dict[str, Any]


def row(event: str, kind: str, **columns: object) -> Row:
    """Return the row of what happened (`event`) and which of these it was (`kind`)."""
    return {"event": event, "kind": kind, **columns}


def amount(amplitude_ma: float | None, level: float | None) -> Row:
    """Return the columns of an amount that is current, or level, or not known.

    Examples
    --------
    >>> amount(2.5, None)
    {'amount': 2.5, 'unit': 'mA'}
    """
    if amplitude_ma is not None:
        return {"amount": amplitude_ma, "unit": "mA"}
    return {} if level is None else {"amount": level, "unit": ""}
