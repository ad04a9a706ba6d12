"""The broker's jars, fetched once through Maven and kept under a name made from the pom's digest."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from local.kafka.prerequisites import BrokerUnavailable, maven

HERE = Path(__file__).parent
POM = HERE / "pom.xml"

Copy = Callable[[Path, Path], None]
"""Puts the jars that a pom names into a folder. Raises BrokerUnavailable."""


def kafka_version(pom: Path = POM) -> str:
    """The pinned version, as the pom says it."""
    found = re.search(r"<kafka\.version>([^<]+)<", pom.read_text(encoding="utf-8"))
    if found is None:
        raise BrokerUnavailable(f"{pom} names no <kafka.version>")
    return found[1]


def jars_folder(local_home: Path, pom: Path = POM) -> Path:
    """Where the jars of this very pom lie once they are fetched."""
    return local_home / f"jars-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"


def fetch_jars(
    local_home: Path, say: Callable[[str], None], pom: Path = POM, copy: Copy | None = None
) -> Path:
    """Folder with the broker's jars; asks Maven (`copy`) only when no folder for this very pom is there.

    The folder appears in one rename, so one that exists is complete. Raises BrokerUnavailable.
    """
    folder = jars_folder(local_home, pom)
    if folder.is_dir():
        return folder
    copy = copy or _copy_through(maven())
    say(f"fetching Apache Kafka {kafka_version(pom)} through Maven, about 45 MB, once")
    local_home.mkdir(parents=True, exist_ok=True)
    fetched = Path(tempfile.mkdtemp(prefix="jars-fetching-", dir=local_home))
    try:
        copy(pom, fetched)
        fetched.chmod(0o755)
        _put(fetched, folder)
    finally:
        shutil.rmtree(fetched, ignore_errors=True)
    return folder


def _copy_through(program: str) -> Copy:
    def copy(pom: Path, into: Path) -> None:
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={into}"]
        words = [program, "-B", "-ntp", "-f", str(pom), *goal]
        run = subprocess.run(words, capture_output=True, text=True, check=False)
        if run.returncode != 0 or not any(into.glob("kafka_*.jar")):
            errors = [line for line in run.stdout.splitlines() if "ERROR" in line] or [run.stderr.strip()]
            raise BrokerUnavailable(f"Maven could not fetch Kafka's jars (mvn -f {pom}): {errors[0]}")

    return copy


def _put(fetched: Path, folder: Path) -> None:
    """Rename; whoever came first at the same moment brought the same jars."""
    try:
        fetched.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
