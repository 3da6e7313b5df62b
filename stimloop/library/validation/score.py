"""Scores what a rig detects in a recording, from a notebook."""

from os import PathLike
from pathlib import Path

from replay import readers
from replay.scoring.result import Score
from replay.scoring.score import score as score_recording
from replay.scoring.settings import ScoreSettings
from stimloop import config as configuration
from stimloop.errors import ConfigError
from stimloop.library.input_errors import InputError
from stimloop.library.rig import Rig


def score(
    recording: str | PathLike[str],
    rig: Rig | str | PathLike[str],
    settings: ScoreSettings | None = None,
) -> Score:
    """Score what a rig detects in a recording, against references and against chance.

    Parameters
    ----------
    recording : path
        The recording.
    rig : Rig or path
        The rig, or its TOML file.
    settings : ScoreSettings, optional
        What detections are held against: see `replay.scoring.settings`.

    Returns
    -------
    Score
        A score for each detector, channel and reference: ``found.of("burst")[0]``. Of each its
        metrics: value, interval, what chance gives, delay.

    Raises
    ------
    RecordingError
        Where the recording cannot be read.
    ValueError
        Where recording and rig do not fit each other, or there is nothing to score: `InputError`
        where the mistake is in the rig.

    Examples
    --------
    >>> import stimloop as sl
    >>> beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
    >>> burst = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=20))
    >>> rig = sl.Rig(detectors=[beta, burst], streams=sl.read("patient07.xdf")["LFP"])
    >>> found = sl.score("patient07.xdf", rig)
    >>> found.of("burst", "STN_1")[0].metric("sensitivity").unit
    ''
    """
    if isinstance(rig, Rig):
        config = rig.config
    else:
        try:
            config = configuration.load(Path(rig))
        except ConfigError as error:
            raise InputError(str(error)) from error
    return score_recording(
        readers.open(Path(recording)),
        config.loop,
        config_toml=configuration.to_toml(config),
        settings=settings or ScoreSettings(),
    )
