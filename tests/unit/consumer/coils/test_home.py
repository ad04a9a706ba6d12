from __future__ import annotations

import pytest

from consumer.coils.kafka.home import home_partition, murmur2


# Apache Kafka, UtilsTest.testMurmur2; its numbers are signed.
@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_it_is_kafkas_hash(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


def test_a_negative_hash_has_a_partition_too() -> None:
    assert home_partition("21", 8) == (-973932308 & 0x7FFFFFFF) % 8
