"""Photographs from the ISIC Archive, by the archive's own client, into a folder to prepare."""
