"""In which partition a key lies: Kafka's own hash, so that one coil is read without reading all of them.

Source: Austin Appleby's MurmurHash2 (public domain) as Apache Kafka's `Utils.murmur2` has it, with the seed
0x9747b28c, and `BuiltInPartitioner.partitionForKey`: the hash without its sign bit, modulo the partitions.
librdkafka does the same under `partitioner=murmur2_random`, which contracts.topics demands of every producer.
"""

from __future__ import annotations

_SEED, _M, _R = 0x9747B28C, 0x5BD1E995, 24
_32_BITS = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """The 32-bit hash, unsigned."""
    h = _SEED ^ len(key)
    whole = len(key) - len(key) % 4
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little") * _M & _32_BITS
        k = (k ^ k >> _R) * _M & _32_BITS
        h = (h * _M & _32_BITS) ^ k
    if whole < len(key):
        h = (h ^ int.from_bytes(key[whole:], "little")) * _M & _32_BITS
    h = (h ^ h >> 13) * _M & _32_BITS
    return h ^ h >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """Where a record with this key lies."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
