"""Secrets out of files, as containers get them: NAME_FILE names the file that holds what NAME would."""

import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from training.errors import UserError

SUFFIX = "_FILE"
LARGEST = 64 << 10


def may_be_a_file(name: str, field: FieldInfo) -> bool:
    """Whether a setting can hold a secret: a secret by its type, or an address, which may hold a password."""
    return field.annotation is SecretStr or (name.endswith("_url") and field.annotation is str)


def environment_name(name: str, field: FieldInfo, prefix: str) -> str:
    """The environment variable that sets a field."""
    return str(field.validation_alias) if field.validation_alias else f"{prefix}{name}".upper()


class SecretFiles(PydanticBaseSettingsSource):
    """Reads the settings whose NAME_FILE is set; raises ``UserError`` where that cannot be done."""

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings)
        self._prefix = settings.model_config.get("env_prefix", "")

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value, under the name by which the model takes it."""
        variable = environment_name(field_name, field, self._prefix)
        path = os.environ.get(variable + SUFFIX, "") if may_be_a_file(field_name, field) else ""
        if path and os.environ.get(variable):
            raise UserError(f"{variable} and {variable}{SUFFIX} are both set. Keep one of them.")
        known_as = str(field.validation_alias or field_name)
        return (_read(Path(path), variable) if path else None), known_as, False

    def __call__(self) -> dict[str, Any]:
        """All values that came from files."""
        found = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {name: value for value, name, _ in found if value is not None}


def _read(path: Path, variable: str) -> str:
    named = f"{path}, which {variable}{SUFFIX} names,"
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        text = content.decode().strip()
    except OSError as error:
        raise UserError(f"{named} cannot be read: {error.strerror}. Mend its path or its rights.") from None
    except UnicodeDecodeError:
        raise UserError(f"{named} is not text in UTF-8. Write the secret into it, as text.") from None
    if not text or len(content) > LARGEST:
        raise UserError(f"{named} is {'too large' if text else 'empty'}. Write the secret into it.")
    return text
