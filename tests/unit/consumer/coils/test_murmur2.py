from __future__ import annotations

import pytest

from consumer.coils.murmur2 import murmur2, partition_of


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
    assert partition_of(b"21", 8) == (-973932308 & 0x7FFFFFFF) % 8
