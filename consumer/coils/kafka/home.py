"""In which partition a coil lives: Kafka's murmur2 of its id, as every writer's partitioner must have it.

A record elsewhere was written with another key or hash. Two trackers may hold the two partitions, and each
would report the coil: so such a record is refused, and counted, instead.
"""

from __future__ import annotations

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995
_SEED = 0x9747B28C


def home_partition(coil_id: str, partitions: int) -> int:
    """As `DefaultPartitioner` of Kafka's Java client and librdkafka's `murmur2` choose it for a key."""
    return (murmur2(coil_id.encode()) & 0x7FFFFFFF) % partitions


def murmur2(key: bytes) -> int:
    """32-bit MurmurHash2 with Kafka's seed (org.apache.kafka.common.utils.Utils.murmur2)."""
    hashed = (_SEED ^ len(key)) & _MASK
    whole = len(key) - len(key) % 4
    for at in range(0, whole, 4):
        word = int.from_bytes(key[at : at + 4], "little") * _M & _MASK
        word = (word ^ (word >> 24)) * _M & _MASK
        hashed = (hashed * _M & _MASK) ^ word
    if rest := key[whole:]:
        hashed = (hashed ^ int.from_bytes(rest, "little")) * _M & _MASK
    hashed = (hashed ^ (hashed >> 13)) * _M & _MASK
    return hashed ^ (hashed >> 15)
