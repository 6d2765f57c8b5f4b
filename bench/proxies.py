"""An nginx or Caddy in front of a service, for tests, with the example configuration of docs/operations.md."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench import nginx

DOCS = Path(__file__).parent.parent / "docs" / "operations.md"
NAME = "yaodian.example.org"
CADDY = shutil.which("caddy")
NGINX_AROUND = """\
pid {folder}/pid;
error_log {folder}/error.log;
daemon off;
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {example}
}}
"""
CADDY_BEFORE = """\
{{
	admin off
	local_certs
	skip_install_trust
	auto_https disable_redirects
	http_port {unused}
	https_port {port}
	storage file_system {folder}
}}
{example}"""


def read_example(language: str) -> str:
    """Return the configuration example in the docs that is marked with a language."""
    return DOCS.read_text(encoding="utf-8").split(f"```{language}\n")[1].split("```")[0]


def write_nginx(folder: Path, port: int, behind: int) -> list[str]:
    """Write the example for these ports; return the command that runs it."""
    _write_certificate(folder)
    example = read_example("nginx").replace("listen 443", f"listen 127.0.0.1:{port}")
    example = example.replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    example = re.sub(r"/etc/letsencrypt/live/[^/]+", str(folder), example)
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX_AROUND.format(folder=folder, example=example), encoding="utf-8")
    assert nginx.PROGRAM is not None
    return [nginx.PROGRAM, "-p", str(folder), "-c", str(configuration), "-g", f"user {nginx.user()};"]


def write_caddy(folder: Path, port: int, behind: int) -> list[str]:
    """Write Caddy's configuration and return its command; Caddy makes its certificate itself."""
    example = read_example("caddyfile").replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    configuration = folder / "Caddyfile"
    configuration.write_text(
        CADDY_BEFORE.format(folder=folder, port=port, unused=nginx.free_port(), example=example),
        encoding="utf-8",
    )
    assert CADDY is not None
    return [CADDY, "run", "--adapter", "caddyfile", "--config", str(configuration)]


@contextmanager
def running(folder: Path, behind: int, write: Callable[[Path, int, int], Sequence[str]]) -> Iterator[Proxy]:
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    port = nginx.free_port()
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (
        (folder / "said.log").open("wb") as said,
        subprocess.Popen(write(folder, port, behind), stderr=said, stdout=said, env=environment) as process,
    ):
        proxy = Proxy(port)
        try:
            proxy.wait_until_ready()
            yield proxy
        finally:
            process.terminate()


class Proxy:
    """What listens on this port of loopback, asked from any address of loopback."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    def ask(
        self, path: str, *headers: str, client: str = "127.0.0.1", host: str = NAME, body: bytes | None = None
    ) -> tuple[int, bytes]:
        method = "GET" if body is None else "POST"
        length = () if body is None else (f"Content-Length: {len(body)}",)
        head = "\r\n".join(
            (f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, *length, "Connection: close", "", "")
        )
        with (
            socket.create_connection(("127.0.0.1", self.port), 30, (client, 0)) as plain,
            self._context.wrap_socket(plain, server_hostname=NAME) as connection,
        ):
            data = bytearray()
            try:
                connection.sendall(head.encode() + (body or b""))
                while chunk := connection.recv(65536):
                    data += chunk
            except OSError:  # a refusal may come before the body is sent
                pass
        return int(data.split(b" ", 2)[1]), bytes(data)

    def wait_until_ready(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                if self.ask("/healthz")[0] == 200:
                    return
            except (OSError, IndexError):
                if time.monotonic() > until:
                    raise
            time.sleep(0.05)


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
