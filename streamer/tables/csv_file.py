"""A table as comma-separated values, for programs that read no Parquet."""

import os
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

#: Rows in memory at once.
_N_ROWS: Final = 1 << 16


def write_csv(table: Path) -> Path:
    """Write a Parquet table as CSV beside it, under the same name, and return that file.

    Numbers are written with as many digits as give the same bits again, times in UTC, what is
    missing as nothing.

    Raises
    ------
    OSError
        What the disk, or the folder, refused.
    """
    path = table.with_suffix(".csv")
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with pq.ParquetFile(table) as source:
        schema = pa.schema([(each.name, _plain(each.type)) for each in source.schema_arrow])
        options = pyarrow.csv.WriteOptions(quoting_style="needed")
        with pyarrow.csv.CSVWriter(str(part), schema, write_options=options) as file:
            for batch in source.iter_batches(_N_ROWS):
                file.write_table(pa.Table.from_batches([batch]).cast(schema))
    part.replace(path)
    return path


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
