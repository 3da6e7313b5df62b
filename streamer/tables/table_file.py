"""A table on disk, whole or not there: written under another name, put in place at the end."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

#: What every reader of Parquet can undo; zstd, which is smaller, not all.
_COMPRESSION: Final = "snappy"


class TableFile:
    """One Parquet file, written a row group at a time.

    Parameters
    ----------
    path : Path
        The file it will be.
    schema : pyarrow.Schema
        Its columns, and as metadata what it is of.
    repeating : sequence of str
        The columns whose values repeat, which are kept once a group.
    part_name : str
        What is put behind the name while it is written: a session that goes on and an export of
        it do not share that file.

    Raises
    ------
    OSError
        From every call: what the disk, or the folder, refused.
    """

    def __init__(
        self, path: Path, schema: pa.Schema, repeating: list[str], *, part_name: str
    ) -> None:
        self.path = path
        self.n_rows = 0
        self._is_in_place = False
        self._part = path.with_name(f".{path.name}.{part_name}")
        self._part.unlink(missing_ok=True)
        # For the owner only, as all of a session's folder.
        os.close(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            self._sink = pa.OSFile(str(self._part), "wb")
            self._writer = pq.ParquetWriter(
                self._sink, schema, compression=_COMPRESSION, use_dictionary=repeating
            )
        except BaseException:
            self._part.unlink(missing_ok=True)
            raise

    def write(self, group: pa.Table) -> None:
        """Write the next row group."""
        self._writer.write_table(group, row_group_size=max(group.num_rows, 1))
        self.n_rows += group.num_rows

    def close(self) -> None:
        """Write the end of the table, and bring it to the disk."""
        self._writer.close()
        self._sink.close()
        written = os.open(self._part, os.O_RDWR)
        try:
            os.fsync(written)
        finally:
            os.close(written)

    def put_in_place(self) -> None:
        """Give the closed table its name."""
        self._part.replace(self.path)
        self._is_in_place = True

    def abandon(self) -> None:
        """Remove what was written, in place or not."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        self._writer.is_open = False  # or it tries again once nobody holds it
        with suppress(OSError, pa.ArrowException):
            self._sink.close()
        with suppress(OSError):
            (self.path if self._is_in_place else self._part).unlink(missing_ok=True)
