"""Closed-loop neurophysiology, for notebooks and scripts: ``import stimloop as sl``.

On an array or a recording five lines do what a rig does on a stream, bit for bit:

>>> import stimloop as sl
>>> recording = sl.read("patient07.xdf")
>>> beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
>>> burst = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=20))
>>> found = sl.detect(recording["LFP"], beta, burst)
>>> sl.Rig(detectors=[beta, burst], streams=recording["LFP"]).to_toml("rig.toml")

Every kind of detector and artifact step that is installed is here by the name of its class. Nothing
is loaded before it is asked for: `stimloop stop` waits for no compiler.
"""

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from replay.recording import RecordingError as RecordingError
    from replay.scoring.result import Score as Score
    from replay.scoring.settings import ScoreSettings as ScoreSettings
    from replay.sweeping.result import Sweep as Sweep
    from stimloop.library.detection import detect as detect
    from stimloop.library.explained import Explained as Explained
    from stimloop.library.input_errors import InputError as InputError
    from stimloop.library.kinds.installed import *  # noqa: F403 its stub lists them
    from stimloop.library.kinds.thresholds import Level as Level
    from stimloop.library.kinds.thresholds import Percentile as Percentile
    from stimloop.library.online import Online as Online
    from stimloop.library.online import online as online
    from stimloop.library.recording import FileStream as FileStream
    from stimloop.library.recording import RecordingFile as RecordingFile
    from stimloop.library.recording import read as read
    from stimloop.library.results.detected import Detected as Detected
    from stimloop.library.results.detector_series import DetectorSeries as DetectorSeries
    from stimloop.library.results.episodes import Episodes as Episodes
    from stimloop.library.rig import Rig as Rig
    from stimloop.library.session import Session as Session
    from stimloop.library.session import session as session
    from stimloop.library.signals import Signal as Signal
    from stimloop.library.stream import Stream as Stream
    from stimloop.library.titration import titration as titration
    from stimloop.library.validation.calibration import calibrate as calibrate
    from stimloop.library.validation.inspection import inspect as inspect
    from stimloop.library.validation.muscles import calibrate_emg as calibrate_emg
    from stimloop.library.validation.score import score as score
    from stimloop.library.validation.sweep import sweep as sweep
    from stimloop.library.verification import verify as verify

#: The module of each public name; detectors and artifact steps share one.
_MODULES: Final = {
    "Detected": "stimloop.library.results.detected",
    "DetectorSeries": "stimloop.library.results.detector_series",
    "Episodes": "stimloop.library.results.episodes",
    "Explained": "stimloop.library.explained",
    "FileStream": "stimloop.library.recording",
    "InputError": "stimloop.library.input_errors",
    "Level": "stimloop.library.kinds.thresholds",
    "Online": "stimloop.library.online",
    "Percentile": "stimloop.library.kinds.thresholds",
    "RecordingError": "replay.recording",
    "RecordingFile": "stimloop.library.recording",
    "Rig": "stimloop.library.rig",
    "Score": "replay.scoring.result",
    "ScoreSettings": "replay.scoring.settings",
    "Session": "stimloop.library.session",
    "Signal": "stimloop.library.signals",
    "Stream": "stimloop.library.stream",
    "Sweep": "replay.sweeping.result",
    "calibrate": "stimloop.library.validation.calibration",
    "calibrate_emg": "stimloop.library.validation.muscles",
    "detect": "stimloop.library.detection",
    "inspect": "stimloop.library.validation.inspection",
    "online": "stimloop.library.online",
    "read": "stimloop.library.recording",
    "score": "stimloop.library.validation.score",
    "session": "stimloop.library.session",
    "sweep": "stimloop.library.validation.sweep",
    "titration": "stimloop.library.titration",
    "verify": "stimloop.library.verification",
}
_KINDS: Final = "stimloop.library.kinds.installed"

if not TYPE_CHECKING:  # a name that is not here is a mistake that a type checker shall see

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for."""
        # Only kinds begin with a capital letter; any other name may be a module of this package.
        module = _MODULES.get(name) or (_KINDS if name[:1].isupper() else None)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(module), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        """Return every public name, kinds of other packages included."""
        return sorted({*_MODULES, *dir(importlib.import_module(_KINDS))})
