"""A study whose raters have agreed, for servers that have to bear something."""

import os
import shutil
import subprocess

import pytest

from backend.database import ratings
from backend.database.sessions import Database
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.consent import begin, told
from backend.studies.invitations import admit, invite
from backend.studies.lifecycle import create_study
from backend.studies.mixes import import_mix


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only who may mount file systems can fill one")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def on_small_disk(small_disk, blank_sqlite):
    """The address of an SQLite file there."""
    shutil.copy(blank_sqlite, small_disk / "study.sqlite")
    return f"sqlite:///{small_disk / 'study.sqlite'}"


@pytest.fixture
def study(request, make_url, make_mix, tmp_path):
    """Three raters who have agreed: settings, tokens and the keys of their images."""
    small = request.param == "small disk"
    url = request.getfixturevalue("on_small_disk") if small else make_url(request.param)
    settings = Settings(data_dir=tmp_path / "data", database_url=url)
    database = Database(settings.database)
    mix = import_mix(database, ImageStore(settings.images_dir), make_mix(50, 30)).mix
    with database.write() as session:
        made = create_study(session, [mix.id], "Skin", seed="seed")
        tokens = [one.token for one in invite(session, made.id, "ED", 3)]
        for token in tokens:
            rater = admit(session, token)
            begin(session, token, told(rater.study, "en", str), form={})
        keys = [[step.key for step in ratings.steps(session, admit(session, token).id)] for token in tokens]
    database.close()
    return settings, tokens, [dict(enumerate(one, start=1)) for one in keys]
