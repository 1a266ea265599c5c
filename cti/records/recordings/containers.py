"""Our tags in files that an encoder has made, whatever that encoder can do: Ogg Opus and MP3."""

import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from cti.errors import Blame, CtiError

Fields = Mapping[str, str]
"""`tags.fields`."""

_ID3: Final = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "genre": "TCON", "date": "TDRC", "comment": "COMM"}
_UTF_8: Final = b"\x03"
_PADDING: Final = 64
"""Bytes behind the frames; exiftool takes a tag without any for broken."""
_MOST_PACKET: Final = 255 * 255 - 1
"""Bytes of a packet that fits into one page of Ogg."""
_BLOCK: Final = 1 << 20


class NotTagged(CtiError):
    """The encoder's file is not what it should be."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Look at recordings.convert and recordings.command: what do they make?"


def tag(form: str, source: Path, target: Path, tags: Fields) -> None:
    """Writes `source`, as an encoder has made it, with tags to `target`. Raises NotTagged and OSError."""
    head: Callable[[BinaryIO, Fields], bytes] = _opus_head if form == "opus" else _mp3_head
    with source.open("rb") as encoded, target.open("wb") as tagged:
        tagged.write(head(encoded, tags))
        while block := encoded.read(_BLOCK):
            tagged.write(block)


# --- MP3: ID3v2.4 in front (id3.org, ID3v2.4.0) -----------------------------------------------------


def _mp3_head(file: BinaryIO, tags: Fields) -> bytes:
    head = file.read(10)
    if head[:3] == b"ID3" and len(head) == 10:  # what the encoder wrote of its own accord
        a, b, c, d = head[6:10]
        file.seek(10 + (a << 21 | b << 14 | c << 7 | d))
        head = file.read(10)
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        raise NotTagged("the encoder has made no MP3")
    file.seek(-len(head), os.SEEK_CUR)
    frames = b"".join(_id3_frame(_ID3[key], value) for key, value in tags.items())
    frames += bytes(_PADDING)
    return b"ID3\x04\x00\x00" + _seven_bits(len(frames)) + frames


def _id3_frame(name: str, value: str) -> bytes:
    text = value.encode("utf-8", "replace")
    content = _UTF_8 + (b"eng\0" if name == "COMM" else b"") + text
    return name.encode() + _seven_bits(len(content)) + b"\0\0" + content


def _seven_bits(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


# --- Ogg Opus: the second packet (RFC 3533, RFC 7845 section 5.2) -----------------------------------


def _opus_head(file: BinaryIO, tags: Fields) -> bytes:
    first, content = _page(file)
    second, comments = _page(file)
    if content[:8] != b"OpusHead" or comments[:8] != b"OpusTags" or len(comments) < 12:
        raise NotTagged("the encoder has made no Ogg Opus")
    if second[26] and second[-1] == 255:
        raise NotTagged("the encoder's own tags are longer than a page")
    vendor = comments[8 : 12 + int.from_bytes(comments[8:12], "little")]
    texts = [f"{key.upper()}={value}".encode("utf-8", "replace") for key, value in tags.items()]
    packet = b"OpusTags" + vendor + _counted(texts)
    if len(packet) > _MOST_PACKET:
        raise NotTagged("the tags are longer than a page of Ogg")
    return first + content + _new_page(second, packet)


def _counted(texts: list[bytes]) -> bytes:
    return struct.pack("<I", len(texts)) + b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _page(file: BinaryIO) -> tuple[bytes, bytes]:
    """The head of the next page, lacing values included, and its content."""
    head = file.read(27)
    if len(head) < 27 or head[:4] != b"OggS":
        raise NotTagged("the encoder has made no Ogg")
    lacing = file.read(head[26])
    return head + lacing, file.read(sum(lacing))


def _new_page(head: bytes, packet: bytes) -> bytes:
    """A page like the one of `head` that holds this packet alone."""
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    page = bytearray(head[:22] + bytes(4) + bytes([len(lacing)]) + lacing + packet)
    struct.pack_into("<I", page, 22, _crc(page))
    return bytes(page)


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


_CRC: Final = _crc_table()


def _crc(data: bytes | bytearray) -> int:
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC[value >> 24 ^ byte]
    return value
