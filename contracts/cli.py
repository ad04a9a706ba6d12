"""`python -m contracts topics|asyncapi`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from contracts.admin import BROKERS_DEFAULT, TopicsUnavailable, check_topics, create_topics
from contracts.asyncapi import document_yaml
from contracts.topics import DEFAULT_PARTITIONS, LOCAL_BROKER, topics


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: as the contract says; 1: differences, or the broker cannot be asked; 2: wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return _asyncapi(options) if options.command == "asyncapi" else _topics(options)
    except (TopicsUnavailable, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="contracts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    on_broker = commands.add_parser("topics", help="create the topics that are missing, then check them all")
    on_broker.add_argument("--check", action="store_true", help="create nothing")
    on_broker.add_argument("--bootstrap-servers", default=LOCAL_BROKER, help="default: %(default)s")
    on_broker.add_argument(
        "--partitions", type=_count, default=DEFAULT_PARTITIONS, help="default: %(default)s"
    )
    on_broker.add_argument(
        "--replication-factor", type=_count, default=BROKERS_DEFAULT, help="default: the broker's own default"
    )
    on_broker.add_argument("--prefix", default="", help="put before every topic's name")
    on_broker.add_argument(
        "--property", type=_property, action="append", default=[], metavar="NAME=VALUE", help="of librdkafka"
    )
    on_broker.add_argument(
        "--properties", type=Path, metavar="FILE", help="NAME=VALUE lines: the place for secrets"
    )
    described = commands.add_parser("asyncapi", help="write the AsyncAPI description of every message")
    described.add_argument(
        "--check", action="store_true", help="write nothing; 1 when the file is not current"
    )
    described.add_argument("--output", type=Path, default=Path("asyncapi.yaml"), help="default: %(default)s")
    return parser


def _topics(options: argparse.Namespace) -> int:
    specs = topics(options.partitions, prefix=options.prefix)
    properties = _read_properties(options.properties) | dict(options.property)
    servers = options.bootstrap_servers
    if not options.check:
        created = create_topics(
            servers, properties, specs=specs, replication_factor=options.replication_factor
        )
        for spec in specs:
            state = "created" if spec.name in created else "was there"
            print(f"{spec.name}: {state}")
    listed = check_topics(servers, properties, specs=specs)
    for difference in listed:
        print(difference, file=sys.stderr)
    if not listed:
        print(f"{len(specs)} topics at {servers} are as the contract says")
    return 1 if listed else 0


def _asyncapi(options: argparse.Namespace) -> int:
    path: Path = options.output
    current = document_yaml()
    if not options.check:
        path.write_text(current, encoding="utf-8")
        print(f"wrote {path}")
        return 0
    if not path.exists() or path.read_text(encoding="utf-8") != current:
        print(f"{path} does not describe the messages: run `python -m contracts asyncapi`", file=sys.stderr)
        return 1
    print(f"{path} describes the messages")
    return 0


def _read_properties(path: Path | None) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path is not None else []
    try:
        return dict(_property(line) for line in lines if line.strip() and not line.lstrip().startswith("#"))
    except argparse.ArgumentTypeError as error:
        raise TopicsUnavailable(f"{path}: {error}") from error


def _property(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        # The text may hold a secret, so it is not repeated.
        raise argparse.ArgumentTypeError("expected NAME=VALUE")
    return name.strip(), value.strip()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("expected a whole number from 1")
    return int(text)
