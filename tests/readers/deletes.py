"""Row-level deletes as other engines write them, added to a table of ours with PyIceberg's own writers.

PyIceberg has no call that writes them, so manifests are written with the classes that it writes its own with.
"""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.table import StaticTable
from pyiceberg.typedef import Record

POSITIONS = pa.schema(
    [
        pa.field("file_path", pa.string(), nullable=False, metadata={"PARQUET:field_id": "2147483546"}),
        pa.field("pos", pa.int64(), nullable=False, metadata={"PARQUET:field_id": "2147483545"}),
    ]
)


class DeletesWriter(ManifestWriterV2):
    """PyIceberg's writer of manifests, for delete files."""

    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


class Deleter:
    """Adds one snapshot of deletes after another; `location` is always the newest metadata."""

    def __init__(self, location: str):
        self.location = location
        self.folder = Path(location.removeprefix("file://")).parent

    def table(self) -> StaticTable:
        return StaticTable.from_metadata(self.location)

    def data_files(self) -> list[DataFile]:
        return [task.file for task in self.table().scan().plan_files()]

    def positions(self, rows: list[tuple[str, int]], partition: Record | None = None) -> None:
        table = pa.table({"file_path": [path for path, _ in rows], "pos": [at for _, at in rows]}, POSITIONS)
        self._commit(table, DataFileContent.POSITION_DELETES, partition or Record(), None)

    def equality(self, rows: pa.Table, partition: Record | None = None) -> None:
        """`rows` has columns of the table; rows that equal one of them are deleted, nulls being equal."""
        schema = self.table().schema()
        ids = [schema.find_field(name).field_id for name in rows.column_names]
        fields = [
            field.with_metadata({"PARQUET:field_id": str(id)}) for field, id in zip(rows.schema, ids, strict=True)
        ]
        self._commit(rows.cast(pa.schema(fields)), DataFileContent.EQUALITY_DELETES, partition or Record(), ids)

    def append_again(self, file: DataFile) -> None:
        """The rows of a data file once more, in a copy of it."""
        copy = self.folder.parent / "data" / f"{uuid.uuid4()}.parquet"
        copy.write_bytes(Path(file.file_path.removeprefix("file://")).read_bytes())
        again = DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=f"file://{copy}",
            file_format=FileFormat.PARQUET,
            partition=file.partition,
            record_count=file.record_count,
            file_size_in_bytes=copy.stat().st_size,
            sort_order_id=None,
        )
        self._commit_file(again, ManifestWriterV2)

    def _commit(self, rows: pa.Table, content: DataFileContent, partition: Record, ids: list[int] | None) -> None:
        deletes = self.folder.parent / "data" / f"{uuid.uuid4()}-deletes.parquet"
        deletes.parent.mkdir(exist_ok=True)
        pq.write_table(rows, deletes)
        file = DataFile.from_args(
            content=content,
            file_path=f"file://{deletes}",
            file_format=FileFormat.PARQUET,
            partition=partition,
            record_count=rows.num_rows,
            file_size_in_bytes=deletes.stat().st_size,
            equality_ids=ids,
            sort_order_id=None,
        )
        self._commit_file(file, DeletesWriter)

    def _commit_file(self, file: DataFile, writer_of: type[ManifestWriterV2]) -> None:
        table, io = self.table(), PyArrowFileIO()
        metadata = json.loads((self.folder / Path(self.location).name).read_text())
        snapshot = table.current_snapshot()
        number, new_id = metadata["last-sequence-number"] + 1, uuid.uuid4().int >> 65
        spec = table.spec()
        manifest = io.new_output(f"file://{self.folder}/{uuid.uuid4()}-m0.avro")
        with writer_of(spec, table.schema(), manifest, new_id, "null") as writer:
            entry = ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=new_id, data_file=file)
            writer.add_entry(entry)
        written = writer.to_manifest_file()
        listed = f"file://{self.folder}/snap-{new_id}.avro"
        with write_manifest_list(2, io.new_output(listed), new_id, snapshot.snapshot_id, number, "null") as writer:
            writer.add_manifests([*snapshot.manifests(io), written])
        now = max(int(time.time() * 1000), metadata["last-updated-ms"])
        metadata["snapshots"].append(
            {
                "snapshot-id": new_id,
                "parent-snapshot-id": snapshot.snapshot_id,
                "sequence-number": number,
                "timestamp-ms": now,
                "manifest-list": listed,
                "summary": {"operation": "delete"},
                "schema-id": metadata["current-schema-id"],
            }
        )
        metadata |= {"last-sequence-number": number, "last-updated-ms": now, "current-snapshot-id": new_id}
        metadata["refs"]["main"]["snapshot-id"] = new_id
        metadata["snapshot-log"].append({"snapshot-id": new_id, "timestamp-ms": now})
        name = f"{number:05}-{uuid.uuid4()}.metadata.json"
        (self.folder / name).write_text(json.dumps(metadata))
        self.location = str(self.folder / name)
