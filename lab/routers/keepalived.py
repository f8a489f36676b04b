"""VRRP version 2 with an authentication header (AH to 224.0.0.18: RFC 2338, section 5.3.6), by keepalived.

The kernel needs no IPsec for it: keepalived writes and reads the header itself.
"""

from __future__ import annotations

import subprocess

from lab.stage import addresses
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage

VIRTUAL = addresses.INTERNET.address(4, 250)
"""The address that the two routers share."""
GROUP = "224.0.0.18"
SECONDS = 5
"""Between two advertisements; who hears none for three times as long becomes master."""
_CONFIGURATION = """\
vrrp_instance lab {{
  version 2
  state {state}
  interface {interface}
  virtual_router_id 61
  priority {priority}
  advert_int {seconds}
  authentication {{
    auth_type AH
    auth_pass lab-only
  }}
  virtual_ipaddress {{
    {virtual}/32
  }}
}}
"""
_MASTER = "Entering MASTER STATE"
_BACKUP = "Entering BACKUP STATE"


class Keepalived:
    """One router's keepalived."""

    def __init__(self, stage: Stage, namespace: Namespace, interface: str, *, master: bool) -> None:
        self._stage, self._log = stage, f"keepalived-{interface}"
        file = stage.directory / f"{self._log}.conf"
        state, priority = ("MASTER", 255) if master else ("BACKUP", 100)  # 255 is master at once: section 6.4.1
        told = {"state": state, "interface": interface, "priority": priority, "seconds": SECONDS, "virtual": VIRTUAL}
        file.write_text(_CONFIGURATION.format(**told))
        command = ("keepalived", "--dont-fork", "--log-console", "--no-syslog", "--vrrp", "--use-file", str(file))
        self.process: subprocess.Popen[bytes] = stage.spawn_private(namespace, *command, log=self._log)

    @property
    def turns(self) -> list[str]:
        """What it has become, one after the other: "master" or "backup"."""
        lines = self._stage.log_path(self._log).read_text().splitlines()
        return ["master" if _MASTER in line else "backup" for line in lines if _MASTER in line or _BACKUP in line]

    def stop(self) -> None:
        """End it: the other router hears so, and becomes master within a second (RFC 2338, section 6.4.3)."""
        self._stage.end(self.process)
