"""Where everything is, and what to type."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

from contracts.topics import LOCAL_BROKER
from local.live.addresses import Ports, address
from local.plan import UpPlan
from local.stack import short


def address_table(ports: Ports, bootstrap: str, plan: UpPlan, alerts_page: str | None) -> Table:
    """One row an address, the page first. `alerts_page`: Prometheus's own word; None without it."""
    table = Table(title="Addresses", title_justify="left", title_style="bold", header_style="bold")
    for name in ("what", "where"):
        table.add_column(name, no_wrap=True)
    table.add_row("[bold]the page[/bold]", f"[bold]http://{address(ports.station)}/[/bold]")
    table.add_row("worker", f"http://{address(ports.worker)}/metrics")
    table.add_row("coil tracker", f"http://{address(ports.tracker)}/metrics")
    if alerts_page is not None:
        table.add_row("Prometheus", f"http://{address(ports.prometheus)}/")
        table.add_row("its alerts", alerts_page)
        table.add_row("Alertmanager", f"http://{address(ports.alertmanager)}/")
        table.add_row("alert listener", f"http://{address(ports.alerts)}/healthz")
        table.add_row("its log", short(plan.out / "alerts.log"))
    table.add_row("Kafka", bootstrap)
    return table


def what_to_type(ports: Ports, bootstrap: str, plan: UpPlan) -> Iterator[str]:
    """Commands for another terminal."""
    python = short(Path(sys.executable))
    where = "" if bootstrap == LOCAL_BROKER else f"COILWATCH_BOOTSTRAP_SERVERS={bootstrap} "
    yield f"a coil as a picture: {where}{python} -m consumer.coils map COIL --out coil.png"
    if plan.watched:
        alertmanager, url = (f"http://{address(port)}" for port in (ports.alertmanager, ports.prometheus))
        yield f"what Alertmanager holds: amtool alert query --alertmanager.url {alertmanager}"
        yield f"the dashboards as pictures: {python} -m monitoring preview --url {url} --out out/dashboards"
        yield "the dashboards live need Grafana: docker compose --profile demo up has it, instead of this"
