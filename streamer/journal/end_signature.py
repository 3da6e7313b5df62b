"""The signature of an end record: whoever has not the key cannot end a journal earlier.

The chain of a journal can be made anew by anybody who can write the file, and a journal that was
cut can be given another end. The signature is HMAC-SHA256, with the key of the service, over
``b"stimloop journal end"``, a zero byte, the session's name, a zero byte, and the link that the
record would have in the chain without its signature. That link covers all records before it, its
number, its time and every field of it.
"""

import hmac

from msgspec.structs import replace

from streamer.journal.records import EndRecord, encode, link

_WHAT = b"stimloop journal end"


def signed(
    end: EndRecord, key: bytes, *, session: str, previous: bytes, number: int, now_s: float
) -> EndRecord:
    """Return an end record with its signature.

    Parameters
    ----------
    end : EndRecord
        As it is to be written; a signature that it has is replaced.
    key : bytes
        The service's key for journals.
    session : str
        Name of the session.
    previous : bytes
        Link of the record before it.
    number, now_s
        Its own number and time.
    """
    unsigned = replace(end, signature="")
    own = link(previous, number, "end", now_s, encode(unsigned))
    said = b"\0".join((_WHAT, session.encode(), own))
    return replace(end, signature=hmac.digest(key, said, "sha256").hex())
