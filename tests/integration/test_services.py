"""The fixtures are what they say."""

import http.client
import ssl
from pathlib import Path

import docker
import pytest
import redis

from tests.engines import SecondEngine
from tests.services import RedisServer


@pytest.mark.redis
@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_redis(redis_url: str, turn: int) -> None:
    """What one test writes, the next does not see."""
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", turn)


@pytest.mark.redis
def test_a_killed_redis_keeps_what_it_had(redis_server: RedisServer) -> None:
    """Killed and started again, the server still has what it acknowledged."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("kept", "yes")
        redis_server.kill()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        redis_server.start()
        assert client.get("kept") == b"yes"


@pytest.mark.redis
def test_a_paused_redis_does_not_answer_until_resumed(redis_server: RedisServer) -> None:
    """Paused, it is silent on an open connection; resumed, it goes on."""
    with redis.Redis.from_url(redis_server.url, socket_timeout=0.2) as client:
        redis_server.pause()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        redis_server.resume()
        redis_server.wait()
        assert client.ping()


@pytest.mark.docker
def test_the_image_runs(docker_client: docker.DockerClient, busybox_image: str) -> None:
    """A container of the image runs a shell and its commands."""
    output = docker_client.containers.run(busybox_image, ["sh", "-c", "echo $((6*7))"], remove=True)
    assert output == b"42\n"


def ping(engine: SecondEngine, context: ssl.SSLContext) -> int:
    """Ask the second engine over TLS; return the status."""
    connection = http.client.HTTPSConnection(
        engine.address, engine.port, timeout=5, context=context
    )
    try:
        connection.request("GET", "/_ping")
        return connection.getresponse().status
    finally:
        connection.close()


def pinning(certificate: str) -> ssl.SSLContext:
    """Trust that one certificate, by whatever name it is reached."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=certificate)
    return context


@pytest.mark.second_engine
@pytest.mark.slow
@pytest.mark.timeout(60)
class TestSecondEngine:
    """The engine that stands for a remote machine."""

    def test_it_answers_a_client_with_the_certificate(self, second_engine: SecondEngine) -> None:
        """A client that pins its certificate and shows one of the authority is served."""
        context = pinning(second_engine.certificate)
        context.load_cert_chain(second_engine.client_certificate, second_engine.client_key)
        assert ping(second_engine, context) == 200

    def test_it_refuses_a_client_without_one(self, second_engine: SecondEngine) -> None:
        """Without a client certificate nothing is served."""
        with pytest.raises((ssl.SSLError, ConnectionError)):
            ping(second_engine, pinning(second_engine.certificate))

    def test_it_refuses_a_certificate_of_somebody_else(
        self, second_engine: SecondEngine, tmp_path: Path
    ) -> None:
        """A client certificate that another authority signed is refused."""
        from tests import certificates

        other = certificates.make("client", issuer=certificates.make("other", authority=True))
        (tmp_path / "other.pem").write_text(other.certificate_pem + other.key_pem)
        context = pinning(second_engine.certificate)
        context.load_cert_chain(tmp_path / "other.pem")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            ping(second_engine, context)

    def test_it_is_another_engine(self, second_engine: SecondEngine, docker_host: str) -> None:
        """It has its own id and runs containers of its own, which the first does not see."""
        first = docker.DockerClient(base_url=docker_host, timeout=20)
        second = docker.DockerClient(base_url=second_engine.docker_host, timeout=20)
        try:
            assert first.info()["ID"] != second.info()["ID"]
            output = second.containers.run(second_engine.image, ["hostname", "-i"], remove=True)
            assert output.strip()
            container = second.containers.create(second_engine.image, ["true"])
            assert container.id is not None
            with pytest.raises(docker.errors.NotFound):
                first.containers.get(container.id)
            container.remove()
        finally:
            first.close()
            second.close()
