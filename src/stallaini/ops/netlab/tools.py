"""The system's own network tools, run one by one; what they need is said before anything is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from stallaini.errors import OperatorError

_PACKAGES = {
    "ip": "iproute2",
    "tc": "iproute2",
    "iptables": "iptables",
    "wg": "wireguard-tools",
    "wireguard-go": "wireguard-go",
    "mosquitto": "mosquitto",
}
CABLE_TOOLS = ("ip", "tc", "iptables")
TUNNEL_TOOLS = ("wg", "wireguard-go")
_TUN = Path("/dev/net/tun")
_ADMIN_PATH = "/usr/local/sbin:/usr/sbin:/sbin"


def require(*tools: str) -> None:
    """Raise OperatorError unless this process is root and has the tools; the text says what to install."""
    if os.geteuid() != 0:
        raise OperatorError("needs root, to make network namespaces of its own: run it with sudo")
    missing = sorted({_PACKAGES[tool] for tool in tools if find(tool) is None})
    if missing:
        raise OperatorError(f"needs Debian packages: apt-get install {' '.join(missing)}")
    if "wireguard-go" in tools and not _TUN.exists():
        raise OperatorError(f"needs {_TUN}, which this machine (or container) does not offer")


def find(tool: str) -> str | None:
    """Where a tool lies; some users' PATH leaves the administrator's folders out."""
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:{_ADMIN_PATH}")


def tool(*words: str, given: str | None = None) -> str:
    """Run one tool to its end; what it printed. Raises OperatorError with what it complained of."""
    path = find(words[0])
    if path is None:
        raise OperatorError(f"needs Debian packages: apt-get install {_PACKAGES[words[0]]}")
    done = subprocess.run([path, *words[1:]], input=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OperatorError(f"`{' '.join(words)}` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()
