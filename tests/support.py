"""Plain values that tests share."""

from dataclasses import dataclass, field
from pathlib import Path

from backend.database.sessions import Database
from backend.database.tables import Study
from backend.settings import Settings

BACKENDS = ["sqlite", "postgresql"]


@dataclass
class World:
    """An installation with one study; ``link`` is a rater's token by name."""

    settings: Settings
    database: Database
    study: Study
    mix_folder: Path
    link: dict[str, str] = field(default_factory=dict)
