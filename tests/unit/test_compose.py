"""docker-compose.yml against the code and the files that it mounts: no engine is needed for that."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import subprocess
import tomllib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import yaml

import consumer.coils.cli
import consumer.coils.settings
import consumer.settings
import contracts.cli
import producer_sim.arguments
import station.settings
from model.bundle import find
from tests.support.compose import CONTENT, LINE, PATH, SERVICES, host_names, mounts, probe_url, probed_port
from tests.support.dockerfile import read_stages, settled
from tests.support.programs import program, run_program
from tests.support.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROMETHEUS = yaml.safe_load((ROOT / "monitoring/prometheus/prometheus.yml").read_text(encoding="utf-8"))
ALERTMANAGER = yaml.safe_load((ROOT / "monitoring/prometheus/alertmanager.yml").read_text(encoding="utf-8"))

MAY_WRITE = {"kafka": "at each start the image writes its settings into its own folders"}
HAS_NO_PROBE = {"topics": "runs once", "simulator": "answers nothing: it sends, or it ends"}
WORKERS = ("worker", "worker-gpu")
SETTINGS = dict.fromkeys(WORKERS, consumer.settings) | {
    "coils": consumer.coils.settings,
    "station": station.settings,
}

every_service = pytest.mark.parametrize("name", SERVICES)
every_service_of_ours = pytest.mark.parametrize("name", LINE)


# --- compose itself ---


@pytest.mark.parametrize("profiles", [[], ["demo"], ["demo", "gpu"]], ids=["none", "demo", "demo and gpu"])
def test_compose_takes_it(profiles: list[str]) -> None:
    compose = program("docker-compose")
    given = [word for profile in profiles for word in ("--profile", profile)]
    done = subprocess.run(
        [compose, "--file", str(PATH), *given, "config", "--quiet"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


# --- commands ---


def parse_worker(arguments: Sequence[str]) -> None:
    assert list(arguments) == [], "the worker has no command line"


def parse_station(arguments: Sequence[str]) -> None:
    assert list(arguments) == [], "all that the station is told stands in the environment"


def parse_monitoring(arguments: Sequence[str]) -> argparse.Namespace:
    from monitoring.cli import COMMANDS

    parser = argparse.ArgumentParser()
    importlib.import_module(COMMANDS[arguments[0]].module).add_arguments(parser)
    return parser.parse_args(arguments[1:])


PARSERS: dict[str, Callable[[Sequence[str]], Any]] = {
    "coilwatch-worker": parse_worker,
    "coilwatch-coils": consumer.coils.cli._parser().parse_args,
    "coilwatch-contracts": contracts.cli._parser().parse_args,
    "coilwatch-station": parse_station,
    "coilwatch-sim": lambda arguments: producer_sim.arguments.parse(list(arguments)),
    "coilwatch-monitoring": parse_monitoring,
}


@every_service_of_ours
def test_the_command_exists_and_understands_its_arguments(name: str) -> None:
    program, *arguments = LINE[name]["command"]
    assert program in PROJECT["project"]["scripts"]
    PARSERS[program](arguments)


def test_the_brokers_name_is_the_same_everywhere() -> None:
    topics = PARSERS["coilwatch-contracts"](SERVICES["topics"]["command"][1:])
    simulator = PARSERS["coilwatch-sim"](SERVICES["simulator"]["command"][1:])
    told = {topics.bootstrap_servers, simulator.bootstrap_servers}
    told |= {SERVICES[name]["environment"]["COILWATCH_BOOTSTRAP_SERVERS"] for name in SETTINGS}
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert {f"PLAINTEXT://{servers}" for servers in told} == {advertised.partition(",")[0]}
    assert simulator.endless
    assert topics.prefix == simulator.topic_prefix == ""


@pytest.mark.parametrize(
    ("service", "name"), [("prometheus", "prometheus"), ("alertmanager", "prometheus-alertmanager")]
)
def test_the_options_are_known_to_the_program(service: str, name: str) -> None:
    said = run_program(name, "--help")
    known = set(re.findall(r"--(?:\[no-\])?([a-z][a-z.-]+)", said.stdout))
    options = {word.removeprefix("--").partition("=")[0] for word in SERVICES[service]["command"]}
    assert options <= known


# --- settings ---


def settings_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for variable in [each for each in os.environ if each.startswith("COILWATCH_")]:
        monkeypatch.delenv(variable)
    for variable, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(variable, str(value))
    return SETTINGS[name].read_settings(os.environ)


@pytest.mark.parametrize("name", [*WORKERS, "coils"])
def test_the_settings_are_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(name, monkeypatch)
    assert settings.metrics_host == "0.0.0.0"
    assert settings.metrics_port == probed_port(name)
    assert settings.log_format == "json"
    grace_s = float(SERVICES[name]["stop_grace_period"].removesuffix("s"))
    assert grace_s > 2 * settings.drain_timeout_s, "a worker drains twice: its frames and its amendments"


@pytest.mark.parametrize("name", WORKERS)
def test_workers_do_not_share_a_name_and_use_the_cores_they_have(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(name, monkeypatch)
    assert settings.worker_id == "", "with --scale, workers of one name would fence each other"
    assert settings.engine_threads == SERVICES[name]["cpus"]
    assert find(settings.bundle).is_dir()


def test_only_services_with_settings_are_given_any() -> None:
    given = {name for name, service in LINE.items() if service.get("environment")}
    assert given == set(SETTINGS)


def test_the_station_is_reached_by_the_names_of_this_machine_with_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings_of("station", monkeypatch)
    assert settings.port == probed_port("station")
    assert settings.host == "0.0.0.0"
    assert settings.token is not None
    assert settings.token.get_secret_value() in PATH.read_text(encoding="utf-8").partition("x-service")[0]
    assert settings.security.hosts == {"localhost", "127.0.0.1"}


def test_the_trackers_rolls_are_mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    from consumer.coils.marks.rolls import load_rolls

    rolls = settings_of("coils", monkeypatch).rolls
    assert load_rolls(ROOT / mounts("coils")[str(rolls)])


def test_the_alert_log_listens_where_it_is_asked() -> None:
    given = parse_monitoring(SERVICES["alerts"]["command"][1:])
    assert (given.host, given.port) == ("0.0.0.0", probed_port("alerts"))
    assert PARSERS["coilwatch-monitoring"](["listen"]).port == given.port, "its own default"


# --- what is mounted, and what is said in there ---


@every_service
def test_what_is_mounted_is_there_and_read_only(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, *options = volume.split(":")
        if source.startswith("./"):
            assert (ROOT / source).exists(), volume
            assert options == ["ro"], volume
        else:
            assert source in CONTENT["volumes"], volume


def test_every_volume_is_used() -> None:
    assert set(CONTENT["volumes"]) <= {source for name in SERVICES for source in mounts(name).values()}


def scrape_targets() -> dict[str, list[tuple[str, int]]]:
    """Job -> host and port."""
    targets: dict[str, list[tuple[str, int]]] = {}
    for job in PROMETHEUS["scrape_configs"]:
        found = [(name, dns["port"]) for dns in job.get("dns_sd_configs", []) for name in dns["names"]]
        for group in job.get("static_configs", []):
            split = [target.rpartition(":") for target in group["targets"]]
            found += [(host, int(port)) for host, _, port in split]
        targets[job["job_name"]] = found
    return targets


def test_prometheus_asks_services_where_they_answer() -> None:
    targets = scrape_targets()
    assert {"worker", "coils"} <= set(targets)
    for host, port in (target for found in targets.values() for target in found):
        assert port == probed_port(host_names()[host])


def test_workers_on_a_gpu_are_found_under_the_same_name() -> None:
    assert SERVICES["worker-gpu"]["networks"]["default"]["aliases"] == ["worker"]
    assert probe_url("worker-gpu") == probe_url("worker")


def test_alerts_arrive() -> None:
    groups = PROMETHEUS["alerting"]["alertmanagers"]
    told = [t for group in groups for each in group["static_configs"] for t in each["targets"]]
    assert told == [f"alertmanager:{probed_port('alertmanager')}"]
    receivers = [r for r in ALERTMANAGER["receivers"] if r["name"] == ALERTMANAGER["route"]["receiver"]]
    urls = [webhook["url"] for receiver in receivers for webhook in receiver["webhook_configs"]]
    assert urls == [f"http://alerts:{probed_port('alerts')}/"]


def test_the_configurations_lie_where_they_are_looked_for() -> None:
    for name in ("prometheus", "alertmanager"):
        (option,) = [word for word in SERVICES[name]["command"] if word.startswith("--config.file=")]
        folder, _, file = option.removeprefix("--config.file=").rpartition("/")
        assert (ROOT / mounts(name)[folder] / file).is_file()
    beside = ROOT / mounts("prometheus")["/etc/prometheus"]
    assert [file for file in PROMETHEUS["rule_files"] if not (beside / file).is_file()] == []


SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def test_prometheus_keeps_as_long_as_the_rules_and_dashboards_look_back() -> None:
    (kept,) = re.findall(r"retention\.time=(\d+)d", " ".join(SERVICES["prometheus"]["command"]))
    files = [
        ROOT / "monitoring/prometheus/rules.yml",
        *(ROOT / "monitoring/grafana/dashboards").glob("*.json"),
    ]
    texts = [file.read_text(encoding="utf-8") for file in files]
    ranges = [found for text in texts for found in re.findall(r"\[(\d+)([smhdw])[\]:]", text)]
    assert max(int(number) * SECONDS[unit] for number, unit in ranges) <= int(kept) * SECONDS["d"]


# --- Grafana ---


def provisioned(kind: str) -> Any:
    folder = ROOT / mounts("grafana")[f"/etc/grafana/provisioning/{kind}"]
    (file,) = folder.glob("*.yml")
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_grafana_asks_prometheus() -> None:
    (source,) = provisioned("datasources")["datasources"]
    assert (source["uid"], source["url"]) == ("prometheus", f"http://prometheus:{probed_port('prometheus')}")


def test_grafana_finds_its_dashboards_and_its_home() -> None:
    (provider,) = provisioned("dashboards")["providers"]
    folder = ROOT / mounts("grafana")[provider["options"]["path"]]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/latency.json"
    assert (folder / "latency.json").is_file()


def test_grafana_is_the_one_that_the_dashboards_are_typed_for() -> None:
    (pinned,) = [each for each in PROJECT["project"]["optional-dependencies"]["dev"] if "grafana" in each]
    (series,) = re.findall(r"!(\d+\.\d+)\.", pinned)
    assert SERVICES["grafana"]["image"].startswith(f"grafana/grafana:{series}.")


# --- each service ---


@every_service
def test_the_version_is_pinned(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+(-gpu)?", SERVICES[name]["image"])


def test_our_images_carry_the_packages_version() -> None:
    version = PROJECT["project"]["version"]
    assert {service["image"].removesuffix("-gpu") for service in LINE.values()} == {f"coilwatch:{version}"}


def test_one_service_builds_each_image() -> None:
    builds = {name: service["build"]["target"] for name, service in LINE.items() if "build" in service}
    assert builds == {"topics": "line", "worker-gpu": "gpu"}
    assert {service["pull_policy"] for service in LINE.values()} == {"never"}


@every_service
def test_it_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["user"].partition(":")[0] not in {"root", "0"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service.get("read_only", False) != (name in MAY_WRITE)


@every_service_of_ours
def test_its_user_is_the_images(name: str) -> None:
    target = "gpu" if name == "worker-gpu" else "line"
    assert LINE[name]["user"] == settled(read_stages(ROOT / "Dockerfile"), target, "USER")


@every_service
def test_it_has_bounds(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["cpus"] <= 2, "more than a small machine has: Docker would refuse to start it"
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])
    assert service["restart"] == ("no" if name == "topics" else "unless-stopped")


@every_service
def test_it_is_probed_or_there_is_a_reason(name: str) -> None:
    assert ("healthcheck" in SERVICES[name]) != (name in HAS_NO_PROBE)


@every_service
def test_only_this_machine_reaches_it(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", ["station", "prometheus", "alertmanager", "grafana"])
def test_a_person_reaches_it_at_its_own_port(name: str) -> None:
    port = probed_port(name)
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"http://127.0.0.1:{port}" in PATH.read_text(encoding="utf-8").partition("x-service")[0]


@every_service
def test_it_waits_for_what_can_come(name: str) -> None:
    for other, wanted in SERVICES[name].get("depends_on", {}).items():
        if wanted["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert wanted["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"
        assert "profiles" not in SERVICES[other], "it would not be started"
