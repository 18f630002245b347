"""The address that the server listens on."""

import socket
from contextlib import closing

import pytest

from backend.serving import listen
from backend.settings import Settings
from training.errors import UserError


def test_small_packets_are_sent_at_once(tmp_path):
    with closing(listen(Settings(data_dir=tmp_path, port=0))) as listener:
        # What asyncio asks before it turns Nagle's algorithm off on a connection.
        assert listener.proto == socket.IPPROTO_TCP


def test_of_two_servers_that_start_at_once_one_has_the_port(tmp_path):
    with closing(listen(Settings(data_dir=tmp_path, port=0))) as first:
        port = first.getsockname()[1]
        with pytest.raises(UserError, match="cannot listen"):
            listen(Settings(data_dir=tmp_path, port=port))


def test_a_busy_port_is_said_with_the_way_out(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"cannot listen on 127.0.0.1:{port}.*--port"):
            listen(Settings(data_dir=tmp_path, port=port))
