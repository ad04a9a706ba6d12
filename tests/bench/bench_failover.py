"""Two workers, one killed with SIGKILL: seconds until the other reads the dead one's partitions.

    python -m tests.bench.bench_failover [--repeats 3] [--protocols classic consumer]

Both of Kafka's group protocols, while frames keep coming into every partition: `classic` is
cooperative-sticky with the client's session timeout, `consumer` is KIP-848 with the broker's. Three moments:
- the survivor owns everything;
- it has inspected a frame, exposed after the kill, of each partition that the dead one had;
- a downstream reader has such a frame of each: an open transaction of the dead one holds it back.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

from contracts.topics import DEFAULT_PARTITIONS
from local.processes.worker import WorkerProcess
from tests.bench.cascade import recut
from tests.bench.frames import real_frames
from tests.bench.line import Line, line, samples
from tests.bench.measure import Figures, median
from tests.bench.receipts import Receiver
from tests.bench.sending import Feeder

BUNDLE = "synthetic"
SHARE = 0.05
GIVE_UP_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    """Seconds after the kill."""

    owned_s: float
    inspected_s: float
    readable_s: float


def main() -> None:
    given = _arguments()
    figures = Figures("failover", vars(given))
    with line() as running:
        cut = recut(given.bundle, real_frames(), SHARE, running.folder, given.threads)
        for protocol in given.protocols:
            found = [_failover(running, cut.folder, protocol, given.fps) for _ in range(given.repeats)]
            for name, seconds in (
                ("survivor owns all partitions", [one.owned_s for one in found]),
                ("survivor has inspected from each lost partition", [one.inspected_s for one in found]),
                ("a reader has results from each lost partition", [one.readable_s for one in found]),
            ):
                figures.add(f"{protocol}: {name}", median(seconds), "s", "<= 10")
                figures.add(f"{protocol}: {name}, all", seconds, "s")
    figures.write(given.out)


def _failover(running: Line, bundle: Path, protocol: str, fps: float) -> Failover:
    prefix = running.fresh_topics()
    workers = [
        running.start_worker(prefix, bundle, group=f"{prefix}workers", group_protocol=protocol)
        for _ in range(2)
    ]
    for worker in workers:
        worker.wait_until_ready()
    receiver = Receiver(running.bootstrap_servers, prefix)
    feeder = Feeder(running.bootstrap_servers, prefix, real_frames(100), fps)
    victim, survivor = workers
    try:
        lost = _shared(victim, survivor, receiver)
        victim.kill()
        killed_ns, killed_s = time.time_ns(), time.monotonic()
        owned_s = _until_owned(survivor, killed_s)
        inspected_s, readable_s = _until_read(receiver, lost, killed_ns, killed_s)
    finally:
        feeder.close()
        survivor.kill()
        receiver.close()
    return Failover(owned_s=owned_s, inspected_s=inspected_s, readable_s=readable_s)


def _shared(victim: WorkerProcess, survivor: WorkerProcess, receiver: Receiver) -> set[int]:
    """Wait until both have their half and inspect it; the victim's partitions."""
    until = time.monotonic() + GIVE_UP_S
    while time.monotonic() < until:
        victims, survivors = _partitions(victim), _partitions(survivor)
        inspected = {receipt.partition for receipt in receiver.receipts()}
        halves = len(victims) + len(survivors) == DEFAULT_PARTITIONS and victims and survivors
        if halves and len(inspected) == DEFAULT_PARTITIONS:
            return victims
        time.sleep(0.2)
    raise RuntimeError(
        f"within {GIVE_UP_S:.0f} s the workers do not share the partitions: "
        f"{sorted(victims)} and {sorted(survivors)}, inspected {sorted(inspected)}"
    )


def _partitions(worker: WorkerProcess) -> set[int]:
    """Those that the worker reports a lag for: the ones it owns."""
    return {int(labels[0]) for name, labels in samples(worker) if name == "coilwatch_lag_frames"}


def _until_owned(survivor: WorkerProcess, killed_s: float) -> float:
    while time.monotonic() < killed_s + GIVE_UP_S:
        if samples(survivor).get(("coilwatch_assigned_partitions", ())) == DEFAULT_PARTITIONS:
            return time.monotonic() - killed_s
        time.sleep(0.05)
    raise RuntimeError(f"no failover within {GIVE_UP_S:.0f} s")


def _until_read(receiver: Receiver, lost: set[int], killed_ns: int, killed_s: float) -> tuple[float, float]:
    """Seconds until the last of the lost partitions was inspected from, and until that could be read."""
    while time.monotonic() < killed_s + GIVE_UP_S:
        inspected: dict[int, int] = {}
        readable: dict[int, int] = {}
        for receipt in receiver.receipts():
            if receipt.exposed_at_ns > killed_ns and receipt.partition in lost:
                inspected.setdefault(receipt.partition, receipt.inspected_at_ns)
                readable.setdefault(receipt.partition, receipt.received_at_ns)
        if inspected.keys() == lost:
            return (max(inspected.values()) - killed_ns) / 1e9, (max(readable.values()) - killed_ns) / 1e9
        time.sleep(0.1)
    raise RuntimeError(f"not every lost partition was read within {GIVE_UP_S:.0f} s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--protocols", nargs="+", default=["classic", "consumer"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--fps", type=float, default=80.0, help="frames/s that keep coming")
    parser.add_argument("--bundle", default=BUNDLE)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
