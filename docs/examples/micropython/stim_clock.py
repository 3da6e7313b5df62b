"""What the clocks of services show, found by the three stamps of a request and its reply."""

_UNCERTAINTY_US_MAX = 10_000
_N_OPEN_MAX = 8
_N_SESSIONS_MAX = 4


class ServiceClocks:
    """The offset from the device's own clock to each service's, and how far it may be off."""

    def __init__(self, new_nonce) -> None:
        self.heard = ""
        self._new_nonce = new_nonce
        self._offsets = {}
        self._open = []
        self._n_requests = 0
        self._due_us = 0

    def request(self, now_us: int, instance: str) -> dict | None:
        """Return the clock request that is due now, or None."""
        if now_us < self._due_us:
            return None
        known = self.time_of(self.heard, now_us)
        self._due_us = now_us + (100_000 if known is None else 1_000_000)
        self._n_requests += 1
        asked = {
            "request_seq": self._n_requests,
            "sent_us": now_us,
            "nonce": self._new_nonce(),
            "instance": instance,
            "uncertainty_us": None if known is None else known[1],
        }
        self._open.append((asked, []))
        self._open = self._open[-_N_OPEN_MAX:]
        return asked

    def learn(self, reply: dict, now_us: int) -> None:
        """Take a reply that fits one of the last requests, once for each session."""
        session = reply["session"]
        for asked, answered_by in self._open:
            is_ours = asked["nonce"] == reply["nonce"] and asked["sent_us"] == reply["sent_us"]
            if is_ours and asked["request_seq"] == reply["request_seq"]:
                if session in answered_by:
                    return
                held_us = reply["replied_us"] - reply["received_us"]
                if not 0 <= held_us <= now_us - asked["sent_us"]:
                    return
                answered_by.append(session)
                self._take(session, asked["sent_us"], reply, held_us, now_us)
                return

    def time_of(self, session: str | None, now_us: int) -> tuple | None:
        """Return offset and uncertainty of a session's clock; None where it is not known."""
        found = self._offsets.get(session)
        if found is None:
            return None
        uncertainty_us = self._uncertainty_us(found, now_us)
        return None if uncertainty_us > _UNCERTAINTY_US_MAX else (found[0], uncertainty_us)

    def asked_us(self, session: str) -> int:
        """Return when the service received the request from which its offset was computed."""
        return self._offsets[session][3]

    def forget(self) -> None:
        """Drop all that is known: the device's own clock was set."""
        self._offsets = {}
        self._open = []
        self._due_us = 0

    def _take(self, session: str, sent_us: int, reply: dict, held_us: int, now_us: int) -> None:
        offset_us = (reply["received_us"] - sent_us + reply["replied_us"] - now_us) // 2
        half_us = (now_us - sent_us - held_us + 1) // 2
        new = (offset_us, half_us, now_us, reply["received_us"])
        old = self._offsets.get(session)
        self.heard = session
        if old is not None:
            old_us, new_us = self._uncertainty_us(old, now_us), self._uncertainty_us(new, now_us)
            is_set = abs(old[0] - offset_us) > old_us + new_us
            if old_us < new_us and not is_set:
                return
        elif len(self._offsets) >= _N_SESSIONS_MAX:
            del self._offsets[min(self._offsets, key=lambda each: self._offsets[each][2])]
        self._offsets[session] = new

    def _uncertainty_us(self, found: tuple, now_us: int) -> int:
        """Half the way there and back, and what two cheap crystals drift apart: 100 ppm."""
        return found[1] + 1 + (now_us - found[2]) // 10_000
