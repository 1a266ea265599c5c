"""The RTP header (RFC 3550, section 5.1)."""

import struct
from typing import Final

HEADER: Final = struct.Struct(">BBHII")
"""Version and flags, marker and payload type, sequence number, timestamp, SSRC: 12 bytes."""

LARGEST: Final = 1292
"""Bytes of the largest packet that is taken: 160 ms of G.711. Longer ones are dropped."""

PLAIN: Final = 0x80
"""First byte of a packet of version 2 with no padding, extension or contributing source."""

MARKER: Final = 0x80


def payload_bounds(packet: bytes | bytearray | memoryview, size: int) -> tuple[int, int] | None:
    """Where the payload of the first `size` bytes begins and ends, or None when this is not RTP."""
    if size < 12:
        return None
    first = packet[0]
    if first >> 6 != 2:
        return None
    start, end = 12 + 4 * (first & 0x0F), size
    if first & 0x10:  # an extension: two bytes of its own, then its length in words
        if start + 4 > end:
            return None
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3])
    if first & 0x20:  # padding: its last byte is its length
        end -= packet[size - 1]
        if packet[size - 1] == 0:
            return None
    return (start, end) if start < end else None
