"""The broker's settings: one node, one copy, quick to start. A test holds `docker-compose.yml` to them."""

from __future__ import annotations

from pathlib import Path

DEFAULT_PORT = 19092

DEV_LINE = {
    # One node has one copy of everything.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # 50 partitions each by default: a second of starting, and of loading after a restart.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    # A first member need not wait 3 s for others.
    "group.initial.rebalance.delay.ms": "0",
    # A dead worker's transaction ends within a second of its timeout: read_committed readers wait for it.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    # KIP-848 groups take their session timeout from the broker, 45 s by default: no failover to compare.
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.min.heartbeat.interval.ms": "300",
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.heartbeat.interval.ms": "1500",
    "group.min.session.timeout.ms": "1000",
    # A broker that was killed comes back when its old session has ended (9 s by default); not so short
    # that a machine with much else to do fences a living one.
    "broker.session.timeout.ms": "5000",
    "broker.heartbeat.interval.ms": "1000",
    # Whole frames, PNG too; a topic nobody declared is a mistake.
    "message.max.bytes": "8388608",
    "auto.create.topics.enable": "false",
    # The worker needs the cores.
    "num.network.threads": "2",
    "num.io.threads": "2",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "2",
}


def server_properties(*, port: int, controller_port: int, data: Path) -> dict[str, str]:
    """What `kafka.Kafka` is started with: broker and controller in one, reachable from this machine only."""
    host = "127.0.0.1"
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "listeners": f"PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{host}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.bootstrap.servers": f"{host}:{controller_port}",
        "log.dirs": str(data),
        **DEV_LINE,
    }


def render(properties: dict[str, str]) -> str:
    """The `.properties` text."""
    return "".join(f"{name}={value}\n" for name, value in properties.items())
