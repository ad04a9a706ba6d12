"""Alertmanager on this machine, with the shipped configuration."""

from __future__ import annotations

from pathlib import Path

from local.live.addresses import address
from local.watching.configuration import alertmanager_configuration, write
from local.watching.packages import watching_programs
from local.watching.served import ServedProcess


class AlertmanagerProcess(ServedProcess):
    """Sends what Prometheus tells it to `listener` (host:port), grouped and timed as shipped.

    Configuration and data lie in `home`. Raises PackagesMissing and ConfigurationInvalid.
    """

    def __init__(self, listener: str, *, port: int, home: Path, log: Path) -> None:
        configuration = home / "alertmanager.yml"
        write(alertmanager_configuration(listener), configuration)
        command = [
            watching_programs().alertmanager,
            f"--config.file={configuration}",
            f"--storage.path={home / 'data'}",
            f"--web.listen-address={address(port)}",
            f"--web.external-url=http://{address(port)}",
            "--cluster.listen-address=",  # alone: no gossip
        ]
        super().__init__("Alertmanager", command, port=port, log=log)
