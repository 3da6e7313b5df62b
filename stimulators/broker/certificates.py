"""A private authority and the certificates it signs, made by the `openssl` program.

A machine that runs mosquitto with TLS has that program, so nothing is installed for it.
"""

import ipaddress
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

_AUTHORITY_DAYS = 3650
#: Some TLS clients refuse a certificate that is valid for longer.
_CERTIFICATE_DAYS = 825
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256")
_SETTINGS = """\
[req]
prompt = no
distinguished_name = name
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {hosts}
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class CertificateError(Exception):
    """A certificate could not be made; the text says why, in one line."""


class Authority:
    """A private authority in a folder: `ca.pem` for everybody, `ca.key` for nobody else.

    Parameters
    ----------
    folder : Path
        Created where it does not exist; an authority that it already holds is used.
    name : str
        The authority's common name in its certificates.

    Raises
    ------
    CertificateError
        Where there is no `openssl` program, or it fails.
    """

    def __init__(self, folder: Path, name: str) -> None:
        program = shutil.which("openssl")
        if program is None:
            raise CertificateError(
                "openssl: there is no such program on the PATH: install it, or name "
                "a certificate of your own"
            )
        self._program = program
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.certificate.exists():
            request = ("req", "-x509", "-new", *_NEW_KEY, "-days", str(_AUTHORITY_DAYS))
            self._make(request, "authority", name, self._key, self.certificate)

    def sign_server(self, certificate: Path, key: Path, *, hosts: Sequence[str]) -> None:
        """Make a key and a certificate for a broker that is reached by these names."""
        self._sign("server", hosts[0], certificate, key, hosts)

    def sign_client(self, certificate: Path, key: Path, *, name: str) -> None:
        """Make a key and a certificate for a client."""
        self._sign("client", name, certificate, key, ())

    def _sign(
        self, kind: str, name: str, certificate: Path, key: Path, hosts: Sequence[str]
    ) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            request = Path(scratch) / "request.pem"
            self._make(("req", "-new", *_NEW_KEY), "", name, key, request)
            settings = _settings(Path(scratch), name, hosts)
            self._run(
                *("x509", "-req", "-sha256", "-days", str(_CERTIFICATE_DAYS)),
                *("-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self._key)),
                *("-set_serial", f"0x{secrets.randbits(126):x}"),
                *("-extfile", str(settings), "-extensions", kind, "-out", str(certificate)),
            )

    def _make(
        self, request: tuple[str, ...], extensions: str, name: str, key: Path, out: Path
    ) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            settings = _settings(Path(scratch), name, ())
            named = ("-extensions", extensions) if extensions else ()
            self._run(
                *(*request, *named, "-config", str(settings)),
                *("-keyout", str(key), "-out", str(out)),
            )
        key.chmod(0o600)

    def _run(self, *arguments: str) -> None:
        result = subprocess.run(  # noqa: S603 the program on the PATH, arguments of our own
            [self._program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            problem = " ".join(result.stderr.split())[-300:]
            raise CertificateError(f"openssl {arguments[0]} made no certificate: {problem}")


def _settings(folder: Path, name: str, hosts: Sequence[str]) -> Path:
    file = folder / "openssl.cnf"
    listed = ", ".join(_alternative(host) for host in hosts) or "DNS:localhost"
    file.write_text(_SETTINGS.format(name=name[:64], hosts=listed), encoding="utf-8")
    return file


def _alternative(host: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(host)}"
    except ValueError:
        return f"DNS:{host}"
