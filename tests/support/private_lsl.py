"""A loopback LSL network of this test run and its child processes alone."""

import atexit
import os
import secrets
import tempfile
from pathlib import Path

from streamer.lsl.network import LslConfig, liblsl_settings


def use_private_lsl() -> None:
    """Point liblsl, here and in child processes, to a configuration file of this run."""
    network = LslConfig(
        scope="machine",
        session_id=f"test-{secrets.token_hex(8)}",
        base_port=20_000 + 40 * secrets.randbelow(300),
    )
    handle, name = tempfile.mkstemp(prefix="stimloop-test-", suffix=".cfg")
    os.close(handle)
    path = Path(name)
    path.write_text(liblsl_settings(network), encoding="utf-8")
    atexit.register(path.unlink, missing_ok=True)
    os.environ["LSLAPICFG"] = name
