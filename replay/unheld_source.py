"""A source that holds nothing open."""

from types import TracebackType
from typing import Self


class UnheldSource:
    """The context of a `Source` that holds nothing: entering it and leaving it do nothing."""

    async def __aenter__(self) -> Self:
        """Do nothing: there is nothing to open."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: there is nothing to close."""
