"""Why a run ends: the first reason counts, and a failure that comes after it is kept."""

import asyncio
from collections.abc import Callable

from streamer.errors import JournalError


class RunEnd:
    """What brings a run to its end, waited for in one place.

    Parameters
    ----------
    fail : callable
        Called at once with the text of a journal that cannot be written: from then on nothing may
        follow from anything.

    Attributes
    ----------
    failure : BaseException or None
        What a session that ends by itself, or was stopped, is to raise all the same.
    """

    def __init__(self, fail: Callable[[str], object]) -> None:
        self.failure: BaseException | None = None
        self._fail = fail
        self._reason: asyncio.Future[str] | None = None

    def begin(self) -> asyncio.Future[str]:
        """Take reasons from now on; call on the loop that runs.

        Returns
        -------
        Future of str
            Done at the end, with its reason or a `JournalError`.
        """
        self._reason = asyncio.get_running_loop().create_future()
        return self._reason

    def reach(self, why: str | BaseException) -> None:
        """End the run, unless it ends already."""
        if self._reason is None:
            return
        if self._reason.done():
            # The session ends already, but not well: the devices may not have been told.
            if isinstance(why, BaseException) and self.failure is None:
                self.failure = why
            return
        if isinstance(why, JournalError):
            self._fail(str(why))
            self._reason.set_exception(why)
        elif isinstance(why, BaseException):
            self.failure = why
            self._reason.set_result("fault")
        else:
            self._reason.set_result(why)

    def notice_failure(self, task: asyncio.Task[None]) -> None:
        """End the run where a task has failed; called when it is done."""
        if not task.cancelled() and (error := task.exception()) is not None:
            while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
                error = error.exceptions[0]
            self.reach(error)
