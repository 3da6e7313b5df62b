"""Whether the end of a journal is proven, or records may have been taken away from it.

A chain shows what was changed within a journal and not what was cut from its end. Three things do:
an end record; its signature, which only a holder of the key could have made; and a head that
somebody kept who heard the service's status, whose record must be there.
"""

from replay.verification.verdict import EndVerdict, Proof
from streamer.journal.reader import JournalReader

UNKNOWN = EndVerdict(
    is_proven=False,
    by="nothing",
    proven_up_to=None,
    is_whole=False,
    text="whether records are missing at the end was not looked at",
)


def judge_end(
    reader: JournalReader, *, head: str | None, head_number: int | None, key: bytes | None
) -> EndVerdict:
    """Say whether the end of a journal is proven; all evidence that is given has to fit.

    Parameters
    ----------
    reader : JournalReader
        Read to its end.
    head : str, optional
        A link of the chain that was published, hex.
    head_number : int, optional
        Number of the record that has it.
    key : bytes, optional
        What the end record has to be signed with.
    """
    newest = reader.n_records - 1
    if head is not None and head_number is None:
        return _unproven(
            f"no record has the head {head}: the records up to it were taken away, or it is the "
            "head of another session"
        )
    if reader.end is None:
        log = f"{reader.path.name}-wal" if reader.is_log_missing else ""
        return _of_unfinished(newest, head_number, log)
    return _of_ended(reader, newest, head_number, key, is_signed=bool(reader.end.signature))


def _of_ended(
    reader: JournalReader,
    newest: int,
    head_number: int | None,
    key: bytes | None,
    *,
    is_signed: bool,
) -> EndVerdict:
    if key is not None:
        if not reader.is_end_signed_with(key):
            found = "another signature" if is_signed else "none"
            return _unproven(f"the end record has not the signature of this key, found {found}")
        return _proven("signature", newest, newest, "an end record signed with this key")
    if head_number == newest:
        return _proven("head", newest, newest, "the head given, which the end record has")
    if reader.header.signs_end:
        found = "a signature that was not checked" if is_signed else "no signature"
        return _unproven(
            f"the header says that the end is signed, found {found}: give its key by --keys FOLDER"
        )
    how = (
        "an end record whose signature was not checked: give its key with --keys FOLDER"
        if is_signed
        else "an end record without a signature: whoever can write the file could have made it"
    )
    if head_number is not None:
        how = f"the head given up to record {head_number}, and from there {how}"
    return _proven("end record", newest, newest, how)


def _of_unfinished(newest: int, head_number: int | None, missing_log: str) -> EndVerdict:
    if head_number is None and missing_log:
        return _unproven(
            f"the end record is missing after record {newest}, and its log is missing: after a "
            f"kill {missing_log} has what was written last, so copy both files; where the writer "
            "failed and closed it there is none: accept what is there with --unfinished, or give "
            "a head with --head HASH"
        )
    if head_number is None:
        return _unproven(
            f"the end record is missing after record {newest}: the session was killed, goes on "
            "still, or was cut; give a head that its status published with --head HASH, or accept "
            "what is there with --unfinished"
        )
    if head_number == newest:
        return _proven("head", newest, newest, "the head given, which the newest record has")
    return _proven(
        "head",
        head_number,
        newest,
        f"the head given; records {head_number + 1} to {newest} hold, but some may be missing "
        "after them",
    )


def _unproven(text: str) -> EndVerdict:
    return EndVerdict(is_proven=False, by="nothing", proven_up_to=None, is_whole=False, text=text)


def _proven(by: Proof, number: int, newest: int, how: str) -> EndVerdict:
    is_whole = number == newest
    what = "the whole journal" if is_whole else f"the journal up to record {number}"
    return EndVerdict(
        is_proven=True,
        by=by,
        proven_up_to=number,
        is_whole=is_whole,
        text=f"{what} is proven by {how}",
    )
