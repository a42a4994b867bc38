"""The peer for wire bytes: one HTTPS POST of JSON a minute over a new connection, counted by the kernel."""

from __future__ import annotations

import asyncio
import datetime
import http.client
import json
import socket
import ssl
import struct
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_IP_TCP_HEADER_BYTES = 52  # IPv4 20, TCP 20, timestamps option 12
_CLOSE_PACKETS = 3  # FIN, FIN+ACK, ACK
_SYN_BYTES = 2 * 60  # SYN and SYN+ACK carry the long options
# struct tcp_info (linux/tcp.h): tcpi_bytes_acked at 120, bytes_received 128, segs_out 136, segs_in 140
_TCP_INFO = struct.Struct("<120xQQII")


async def https_json_bytes(fields: dict[str, float], posts: int) -> float:
    """Mean IP bytes, both ways, of one HTTPS POST of `fields` as JSON on a new TLS 1.3 connection."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(Path(folder))
        server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_tls.load_cert_chain(certificate, key)
        server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=server_tls)
        port = server.sockets[0].getsockname()[1]
        client_tls = ssl.create_default_context(cafile=str(certificate))
        async with server:
            costs = [await asyncio.to_thread(_post, port, client_tls, fields) for _ in range(posts)]
    return sum(costs) / posts


def _post(port: int, tls: ssl.SSLContext, fields: dict[str, float]) -> int:
    connection = http.client.HTTPSConnection("localhost", port, context=tls, timeout=10)
    connection.sock = tls.wrap_socket(
        socket.create_connection(("127.0.0.1", port), timeout=10), server_hostname="localhost"
    )
    connection.request("POST", "/minutes", json.dumps(fields), {"Content-Type": "application/json"})
    connection.getresponse().read()
    info = connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    acked, received, segments_out, segments_in = _TCP_INFO.unpack(info)
    connection.close()
    packets = segments_out + segments_in + _CLOSE_PACKETS
    return int(acked + received + packets * _IP_TCP_HEADER_BYTES + _SYN_BYTES - 2 * _IP_TCP_HEADER_BYTES)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    body = b'{"ok":true}'
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (len(body), body)
    )
    await writer.drain()
    writer.close()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for `localhost` that vouches for itself, and its key, as files in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start.replace(year=2100))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "cert.pem", folder / "key.pem"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_path, key_path
