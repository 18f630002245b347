"""Places to keep images: a folder, and a bucket of a real S3-compatible server."""

from types import SimpleNamespace

import boto3
import pytest
from moto.server import ThreadedMotoServer

from backend.settings import Settings

KEY, SECRET, REGION = "key", "a secret", "us-east-1"


@pytest.fixture(scope="session")
def s3():
    """The address of an S3-compatible server with a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket="images")
    yield SimpleNamespace(address=f"http://{host}:{port}", port=port, client=client)
    client.close()
    server.stop()


def in_bucket(tmp_path, address, bucket="images/study"):
    return Settings(
        data_dir=tmp_path / "data",
        images_url=f"s3://{bucket}",
        s3_endpoint=address,
        s3_key=KEY,
        s3_secret=SECRET,
    )


@pytest.fixture
def bucket_settings(s3, tmp_path):
    """Settings of an installation that keeps its images in a prefix of its own."""
    return in_bucket(tmp_path, s3.address, f"images/{tmp_path.name}")
