"""Records the live session of the golden values: ``python -m tests.golden.record_live``.

The default rig runs as a user runs it: the simulated patient on LSL, the embedded broker, the
simulated device. An operator pauses and resumes, stops it, and arms again. What the loop was fed
goes to `live/`: a new recording asks for new golden values (`python -m tests.golden.take`).
"""

import tempfile
import threading
from pathlib import Path
from typing import Any

from tests.golden.live_session import LIVE, LiveSession
from tests.support.mosquitto import free_port
from tests.support.offline import journalled
from tests.support.private_lsl import use_private_lsl
from tests.support.programs import Program, arm, ask
from tests.support.rig_toml import rig_file


def _shorten(rig: dict[str, Any]) -> None:
    rig["rig"]["tick_s"] = 0.05  # most of what is kept would be ticks
    rig["patient"].update(rate_hz=250.0, channels=["STN_L_1", "STN_L_3"], gains=[1.0, -0.6])
    rig["broker"]["port"] = free_port()


def _let_it_run(seconds: float) -> None:
    threading.Event().wait(seconds)


def _operate(config: Path, session: Path) -> None:
    with Program("run", config, "--session", session) as service:
        service.until("armed -> active")
        _let_it_run(4.0)
        ask("pause", config)
        _let_it_run(1.0)
        ask("resume", config)
        service.until("-> active")
        _let_it_run(3.0)
        ask("stop", config)
        arm(config)
        service.until("armed -> active")
        _let_it_run(3.0)
        service.interrupt()


def main() -> None:
    """Run the rig and keep the events of its loop."""
    use_private_lsl()
    with tempfile.TemporaryDirectory() as folder:
        session = Path(folder) / "session"
        _operate(rig_file(Path(folder) / "rig.toml", _shorten), session)
        made = journalled(session)
        rig_toml = (session / "config.toml").read_text("utf-8")
        header = made.header
        LiveSession(rig_toml, header.session, header.infos, made.steps).write(LIVE)


if __name__ == "__main__":
    main()
