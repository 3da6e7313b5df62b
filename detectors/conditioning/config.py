"""How the samples and stamps of a stream are conditioned."""

from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.conditioning.artifacts.path import AnyArtifactConfig
from detectors.conditioning.montage import MontageConfig
from detectors.conditioning.quality_config import Kind, QualityConfig

_Text = Annotated[str, Meta(min_length=1)]


class ConditioningConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a `[[streams]]` table says of samples and stamps.

    Parameters
    ----------
    name : str
        How the rest of the configuration refers to the stream.
    kind : {"lfp", "emg", "markers", "other"}
        What it is of: channels of LFP and EMG must have a unit of voltage and a plausible
        amplitude.
    rate_hz : float, optional
        Nominal rate the stream must have.
    unit : str, optional
        Unit of every channel, whatever the stream says.
    montage : tuple of MontageConfig
        Derived channels.
    quality : QualityConfig
        When samples and stamps are not to be trusted.
    artifacts : tuple of AnyArtifactConfig
        What is taken off the samples of every channel, or marked in them, in this order.
    """

    name: _Text
    kind: Kind
    rate_hz: Annotated[float, Meta(gt=0.0)] | None = None
    unit: _Text | None = None
    montage: tuple[MontageConfig, ...] = ()
    quality: QualityConfig = QualityConfig()
    artifacts: tuple[AnyArtifactConfig, ...] = ()
