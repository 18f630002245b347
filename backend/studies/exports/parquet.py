"""Tables as Parquet files, a row group at a time; pyarrow is an extra."""

from typing import BinaryIO

from backend.extras import needing
from backend.studies.exports.sheets import Sheet, packets
from backend.studies.exports.texts import plain

GROUP = 20_000
"""Rows of a group: what is in memory at once."""


def write_parquet(sheet: Sheet, out: BinaryIO) -> None:
    """A typed table; each field's metadata hold what it means. Raises ``NotInstalled`` without pyarrow."""
    with needing():
        import pyarrow  # noqa: PLC0415 - 150 MB, of which a server that is not asked for Parquet has no need
        from pyarrow import parquet  # noqa: PLC0415

    kinds = {
        "text": pyarrow.string(),
        "json": pyarrow.string(),
        "whole": pyarrow.int64(),
        "number": pyarrow.float64(),
        "time": pyarrow.timestamp("us", tz="UTC"),
    }
    fields = [
        pyarrow.field(one.name, kinds[one.kind], metadata={"description": one.meaning})
        for one in sheet.columns
    ]
    texts = [place for place, one in enumerate(sheet.columns) if one.kind == "json"]
    with parquet.ParquetWriter(out, schema := pyarrow.schema(fields), compression="zstd") as writer:
        for some in packets(sheet.rows, GROUP):
            columns = [list(values) for values in zip(*some, strict=True)]
            for place in texts:
                columns[place] = [None if value is None else plain(value) for value in columns[place]]
            arrays = [pyarrow.array(values, one.type) for values, one in zip(columns, fields, strict=True)]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
