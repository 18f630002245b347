"""What an admin takes away of a study: tables of typed columns, written in several formats."""

from backend.studies.exports.catalogue import EXPORTS, Export
from backend.studies.exports.codebook import codebook
from backend.studies.exports.files import FORMATS, write_export
from backend.studies.exports.sheets import Column, Sheet

__all__ = ["EXPORTS", "FORMATS", "Column", "Export", "Sheet", "codebook", "write_export"]
