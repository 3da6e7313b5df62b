"""The formats that neo reads: how each is called, known by its first bytes, and opened."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

_Arguments: TypeAlias = Callable[[Path], Mapping[str, Any]]


class NeoFormat(NamedTuple):
    """One format of neo.

    Parameters
    ----------
    name : str
        What the format is called.
    rawio : str
        The class of `neo.rawio` that reads it.
    suffixes : tuple of str
        How the names of its files end, in lower case.
    arguments : callable
        Given the path of a file or of a folder, what the class is called with.
    begins : tuple of bytes
        What a file begins with; one of them.
    contains : tuple of bytes
        What the first bytes of a file contain; one of them.
    beside : str
        The suffix of a file of the same name that must stand beside, where there is one.
    folder_holds : tuple of str
        Patterns of the files by which a folder is known to be of this format, ``*.ncs``.
    caution : str
        What a user should know before trusting the values, if anything.
    """

    name: str
    rawio: str
    suffixes: tuple[str, ...]
    arguments: _Arguments
    begins: tuple[bytes, ...] = ()
    contains: tuple[bytes, ...] = ()
    beside: str = ""
    folder_holds: tuple[str, ...] = ()
    caution: str = ""

    def knows(self, path: Path, first_bytes: bytes) -> bool:
        """Return whether a file or a folder is of this format."""
        if path.is_dir():
            return first_of(path, *self.folder_holds) is not None
        if not (self.begins or self.contains):  # nothing but its name tells it
            return path.name.lower().endswith(self.suffixes) and self._is_beside(path)
        begins = any(first_bytes.startswith(each) for each in self.begins)
        contains = any(each in first_bytes for each in self.contains)
        return (begins or contains) and self._is_beside(path)

    def _is_beside(self, path: Path) -> bool:
        return not self.beside or path.with_suffix(self.beside).is_file()


def first_of(folder: Path, *patterns: str) -> Path | None:
    """Return the first file of a folder that one of the patterns fits, or None."""
    return next((each for pattern in patterns for each in sorted(folder.glob(pattern))), None)


def _file(path: Path) -> Mapping[str, Any]:
    return {"filename": str(path)}


def _plexon(path: Path) -> Mapping[str, Any]:
    return {"filename": str(path), "progress_bar": False}


def _blackrock(path: Path) -> Mapping[str, Any]:
    number = path.suffix.lower().removeprefix(".ns")
    chosen = {"nsx_to_load": [int(number)]} if number.isdecimal() else {}
    return {"filename": str(path), "gap_tolerance_ms": 0.0, **chosen}


def _folder(path: Path) -> Mapping[str, Any]:
    return {"dirname": str(path if path.is_dir() else path.parent)}


def _open_ephys_binary(path: Path) -> Mapping[str, Any]:
    """Take the recording that a file lies in."""
    folders = (each for each in path.parents if (each / "structure.oebin").is_file())
    return {"dirname": str(path if path.is_dir() else next(folders, path.parent))}


def _intan(path: Path) -> Mapping[str, Any]:
    header = first_of(path, "info.rh[ds]") or path
    return {"filename": str(header), "ignore_integrity_checks": True}


def _neuralynx(path: Path) -> Mapping[str, Any]:
    one = first_of(path, "*.ncs") or path
    only = {} if path.is_dir() else {"include_filenames": [path.name]}
    gap = {"gap_tolerance_ms": 0.2 * 1000.0 / _neuralynx_rate_hz(one)}
    return {"dirname": str(one.parent), "keep_original_times": True, **gap, **only}


def _neuralynx_rate_hz(path: Path) -> float:
    """Return the rate that a header states: a fifth of a sample away from it is a gap."""
    for line in path.open("rb").read(2**14).splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == b"-SamplingFrequency":
            return float(words[1])
    return 32000.0


def _tdt(path: Path) -> Mapping[str, Any]:
    """Name a file of a block where it is one; a tank of blocks is opened as a folder."""
    if path.is_dir():
        return {"dirname": str(first_of(path, "*.tsq") or path)}
    return {"dirname": str(path)}


FORMATS: Final = (
    NeoFormat(
        "Blackrock",
        "BlackrockRawIO",
        (".ns1", ".ns2", ".ns3", ".ns4", ".ns5", ".ns6", ".nev"),
        _blackrock,
        begins=(b"NEURALSG", b"NEURALCD", b"BRSMPGRP", b"NEURALEV", b"BREVENTS"),
    ),
    NeoFormat(
        "AlphaOmega",
        "AlphaOmegaRawIO",
        (".mpx",),
        _folder,
        folder_holds=("*.mpx",),
        caution=(
            "the scale is neo's, total gain by bit resolution, and was never held against a real "
            "file: check it on an amplitude that you know"
        ),
    ),
    NeoFormat(
        "Neuralynx",
        "NeuralynxRawIO",
        (".ncs",),
        _neuralynx,
        begins=(b"######## Neuralynx",),
        folder_holds=("*.ncs",),
    ),
    NeoFormat(
        "Intan",
        "IntanRawIO",
        (".rhd", ".rhs"),
        _intan,
        begins=(b"\x02\x27\x91\xc6", b"\xac\x27\x91\xd6"),
        folder_holds=("info.rh[ds]",),
    ),
    NeoFormat(
        "Open Ephys",
        "OpenEphysRawIO",
        (".continuous",),
        _folder,
        begins=(b"header.format = 'Open Ephys Data Format'",),
        folder_holds=("*.continuous",),
    ),
    NeoFormat(
        "Open Ephys binary",
        "OpenEphysBinaryRawIO",
        (".oebin",),
        _open_ephys_binary,
        contains=(b'"GUI version"',),
        folder_holds=(
            "structure.oebin",
            "recording*/structure.oebin",
            "experiment*/recording*/structure.oebin",
            "Record Node */experiment*/recording*/structure.oebin",
        ),
    ),
    NeoFormat(
        "SpikeGLX",
        "SpikeGLXRawIO",
        (".ap.meta", ".lf.meta", ".nidq.meta", ".obx.meta"),
        _folder,
        contains=(
            b"acqMnMaXaDw=",
            b"snsApLfSy=",
            b"snsMnMaXaDw=",
            b"typeThis=imec",
            b"typeThis=nidq",
        ),
        beside=".bin",
        folder_holds=("*.ap.meta", "*.lf.meta", "*.nidq.meta", "*.obx.meta", "*_imec*/*.meta"),
    ),
    NeoFormat("TDT", "TdtRawIO", (".tbk", ".tsq", ".tev"), _tdt, folder_holds=("*.tsq", "*/*.tsq")),
    NeoFormat("Spike2", "Spike2RawIO", (".smr",), _file, contains=(b"(C) CED 87",)),
    NeoFormat("Spike2 64-bit", "CedRawIO", (".smrx",), _file),
    NeoFormat("Axon", "AxonRawIO", (".abf",), _file, begins=(b"ABF ", b"ABF2")),
    NeoFormat("AxoGraph", "AxographRawIO", (".axgd", ".axgx"), _file, begins=(b"AxGr", b"axgx")),
    NeoFormat("Axona", "AxonaRawIO", (".set",), _file, begins=(b"trial_date ",)),
    NeoFormat(
        "BCI2000",
        "bci2000rawio.BCI2000RawIO",
        (".dat",),
        _file,
        begins=(b"BCI2000V=", b"HeaderLen="),
    ),
    NeoFormat("Biocam", "BiocamRawIO", (".brw",), _file),
    NeoFormat("Elan", "ElanRawIO", (".eeg",), _file, beside=".eeg.ent"),
    NeoFormat("Maxwell", "MaxwellRawIO", (".raw.h5",), _file),
    NeoFormat("MED", "MedRawIO", (".medd",), _folder, folder_holds=("*.ticd",)),
    NeoFormat("Micromed", "MicromedRawIO", (".trc",), _file, begins=(b"* MICROMED",)),
    NeoFormat(
        "Multi Channel Systems",
        "RawMCSRawIO",
        (".raw",),
        _file,
        contains=(b"MC_DataTool binary conversion",),
    ),
    NeoFormat("NeuroExplorer", "NeuroExplorerRawIO", (".nex",), _file, begins=(b"NEX1",)),
    NeoFormat("NeuroNexus", "NeuroNexusRawIO", (".xdat.json",), _file),
    NeoFormat(
        "NeuroScope", "NeuroScopeRawIO", (".xml",), _file, contains=(b"<acquisitionSystem>",)
    ),
    NeoFormat("NIX", "NIXRawIO", (".nix",), _file),
    NeoFormat("Plexon", "PlexonRawIO", (".plx",), _plexon, begins=(b"PLEX",)),
    NeoFormat("SpikeGadgets", "SpikeGadgetsRawIO", (".rec",), _file, contains=(b"<Configuration",)),
    NeoFormat("WinEDR", "WinEdrRawIO", (".edr",), _file, begins=(b"VER=",)),
    NeoFormat("WinWCP", "WinWcpRawIO", (".wcp",), _file, begins=(b"VER=",)),
)


def format_of(path: Path, first_bytes: bytes) -> NeoFormat | None:
    """Return the format of a file or a folder, or None where it is of none.

    Where several are known by the same beginning, that of the file's suffix.
    """
    knowing = [each for each in FORMATS if each.knows(path, first_bytes)]
    named = [each for each in knowing if path.name.lower().endswith(each.suffixes)]
    return next(iter([*named, *knowing]), None)
