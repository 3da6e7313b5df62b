"""What can go wrong at the edges, drawn as a tree.

StreamError
    StreamNotFound    nobody, or more than one, answers to a stream's `match`
    StreamFormat      the stream is not what the configuration or its past says
JournalError          the journal cannot be written or read
    LogMissing        it was copied without the log that has its newest records
LedgerError           what devices were given cannot be kept from one service to the next
UnsafeEndError        a device did not say that it is safe before the session ended
RivalError            another service drives the same rig
"""


class StreamError(Exception):
    """A stream cannot be used; the text says which, what was expected and what was found."""


class StreamNotFoundError(StreamError):
    """No stream, or more than one, answers to a `match`."""


class StreamFormatError(StreamError):
    """A stream's rate, channels or type are not what they should be."""


class JournalError(Exception):
    """The journal cannot be written, or is not what it was."""


class LogMissingError(JournalError):
    """A journal that was not ended is here without its log, which has its newest records."""


class LedgerError(Exception):
    """The ledger of a rig cannot be used; the text says which file, and what to do."""


class RivalError(Exception):
    """Another service of the same rig is there, and this one has to leave."""


class UnsafeEndError(Exception):
    """A device did not say in time that it is at its safe amount; the text says which."""
