"""Prometheus on this machine, with the shipped configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from local.live.addresses import address
from local.watching.configuration import prometheus_configuration, write
from local.watching.packages import watching_programs
from local.watching.served import ServedProcess

RETENTION = "1d"
ALERT_PAGES = ("/alerts", "/classic/alerts")
"""Upstream's, then Debian's, which is built without the newer pages."""


class PrometheusProcess(ServedProcess):
    """Scrapes `targets` (job -> host:port), judges by `rules`, tells `alertmanager` (host:port), if any.

    Configuration and data lie in `home`, and are found again by the next one there.
    Raises PackagesMissing and ConfigurationInvalid.
    """

    def __init__(
        self,
        targets: Mapping[str, Sequence[str]],
        rules: Path,
        alertmanager: str | None,
        *,
        port: int,
        home: Path,
        log: Path,
    ) -> None:
        configuration = home / "prometheus.yml"
        write(prometheus_configuration(targets, rules, alertmanager), configuration)
        command = [
            watching_programs().prometheus,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={home / 'data'}",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address={address(port)}",
            f"--web.external-url=http://{address(port)}",
            "--enable-feature=exemplar-storage",
        ]
        super().__init__("Prometheus", command, port=port, log=log)

    def alerts_page(self) -> str:
        """Where a browser finds what fires; it must be ready."""
        return self.url + next((page for page in ALERT_PAGES if self.has(page)), "/")
