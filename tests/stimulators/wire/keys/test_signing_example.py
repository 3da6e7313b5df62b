"""The guide's worked example of a signature is what the code, and any other HMAC, computes."""

import hashlib
import hmac
import re
from pathlib import Path

from stimulators.wire.keys.ring import Key, KeyRing

_GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "secure-broker.md"


def test_the_guides_example_is_right_to_the_byte() -> None:
    text = _GUIDE.read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| ([\w ]+) \| `(.*)` \|$", text, re.MULTILINE))
    key_id, secret, topic, body = (said[each] for each in ("key id", "secret", "topic", "JSON"))
    topic = topic.strip(chr(34))
    under = topic.encode() + b"\0" + body.encode()
    mac = hmac.new(bytes.fromhex(secret), under, hashlib.sha256).hexdigest()
    assert said["payload"] == f"{key_id}.{mac}.{body}"
    assert f"the {len(topic)} of the topic, `00`, the {len(body)} of the JSON" in text
    ring = KeyRing("demo", {"stop": [Key(key_id, secret)]})
    assert ring.seal(topic, body.encode()) == said["payload"].encode()
    assert ring.open(topic, said["payload"].encode()) == body.encode()
