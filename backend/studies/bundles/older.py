"""Bundles that were made before a study could have several mixes: the study's row names its only one."""

import json
import zipfile

from backend.studies.bundles.manifest import table_file

CHANGED = ("studies", "study_mixes")


def of_one_mix(packed: zipfile.ZipFile) -> bool:
    """Whether a bundle is of that time."""
    return table_file("study_mixes") not in packed.NameToInfo


def line_of(table: str, line: bytes) -> bytes:
    """What such a bundle's line of ``studies`` says of a table, as it is written today."""
    try:
        row = json.loads(line)
        mix = row.pop("mix_id")
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        return line  # no row of any time: it is refused as such
    if table == "studies":
        return json.dumps(row).encode()
    return json.dumps({"study_id": row.get("id"), "mix_id": mix, "position": 1}).encode()
