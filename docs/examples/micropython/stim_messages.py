"""The fields of the messages that a device receives, and a check that a message has them."""

_NUMBERS = (int, float)
_NO = type(None)
_WHOLE_MAX = 2**53 - 1
COMMAND = {
    "session": (str,),
    "seq": (int,),
    "kind": (str,),
    "channel": (str,),
    "program": (str,),
    "onset_us": (int,),
    "issued_us": (int,),
    "expires_us": (int,),
    "reason": (dict,),
    "simulated": (bool,),
    "amplitude_ma": (int, float, _NO),
    "level": (int, float, _NO),
    "fire_at_us": (int, _NO),
    "fire_uncertainty_us_max": (int, _NO),
}
LEASE = {
    "session": (str,),
    "lease_seq": (int,),
    "issued_us": (int,),
    "valid_us": (int,),
    "armed_us": (int,),
    "simulated": (bool,),
}
REPLY = {
    "request_seq": (int,),
    "sent_us": (int,),
    "nonce": (str,),
    "session": (str,),
    "received_us": (int,),
    "replied_us": (int,),
}
STOP = {"request_id": (str,), "operator": (str,), "reason": (str,)}
_REASON = {"detector": (str,), "value": _NUMBERS, "threshold": _NUMBERS, "policy": (str,)}


def fits(message: object, fields: dict) -> bool:
    """Return whether a message has every field that it needs, each of its type."""
    if type(message) is not dict:
        return False
    for name, types in fields.items():
        value = message.get(name)
        # Compared by exact type, since True is an integer in Python.
        if type(value) not in types:
            return False
        if type(value) is int and abs(value) > _WHOLE_MAX:
            return False
    if fields is COMMAND:
        return message["kind"] in ("amplitude", "trigger") and fits(message["reason"], _REASON)
    return True


def is_session(name: str) -> bool:
    """Return whether a session's name is twenty digits, a dash and eight hexadecimal digits."""
    if len(name) != 29 or name[20] != "-":
        return False
    return all(each in "0123456789" for each in name[:20]) and all(
        each in "0123456789abcdef" for each in name[21:]
    )
