"""The compact protocol of Apache Thrift, as far as the footer of a Parquet file needs it.

A struct is kept as a dict from field number to (type, value), in the order of the bytes, so that a
struct that was read is written back byte by byte; what is not understood is kept as it is.
Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from typing import Any

Struct = dict[int, tuple[int, Any]]

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)

_INTEGERS = (I16, I32, I64)
_LONG_LIST = 15


def read_struct(content: bytes) -> Struct:
    """Read one struct from its bytes.

    Raises
    ------
    ValueError, IndexError
        If the bytes are not such a struct.
    """
    struct: Struct
    struct, end = _read_struct(content, 0)
    if end != len(content):
        raise ValueError(f"{len(content) - end} bytes follow the struct")
    return struct


def write_struct(struct: Struct) -> bytes:
    """Write a struct as bytes."""
    out = bytearray()
    _write_struct(out, struct)
    return bytes(out)


def _read_struct(content: bytes, at: int) -> tuple[Struct, int]:
    struct: Struct = {}
    field = 0
    while (head := content[at]) != 0:
        at += 1
        kind, step = head & 15, head >> 4
        if step:
            field += step
        else:
            field, at = _read_integer(content, at)
        if kind in (TRUE, FALSE):
            struct[field] = (kind, None)
        else:
            value, at = _read_value(content, at, kind)
            struct[field] = (kind, value)
    return struct, at + 1


def _read_value(content: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in _INTEGERS:
        return _read_integer(content, at)
    match kind:
        case 1 | 2 | 3:  # in a list, a truth value takes a byte
            return content[at : at + 1], at + 1
        case 7:
            return content[at : at + 8], at + 8
        case 8:
            length, at = _read_natural(content, at)
            return content[at : at + length], at + length
        case 9 | 10:
            return _read_list(content, at)
        case 12:
            return _read_struct(content, at)
    raise ValueError(f"type {kind} does not occur in the footer of a Parquet file")


def _read_list(content: bytes, at: int) -> tuple[tuple[int, list[Any]], int]:
    head = content[at]
    at += 1
    kind, count = head & 15, head >> 4
    if count == _LONG_LIST:
        count, at = _read_natural(content, at)
    values = []
    for _ in range(count):
        value, at = _read_value(content, at, kind)
        values.append(value)
    return (kind, values), at


def _read_natural(content: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = content[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


def _read_integer(content: bytes, at: int) -> tuple[int, int]:
    number, at = _read_natural(content, at)
    return (number >> 1) ^ -(number & 1), at


def _write_struct(out: bytearray, struct: Struct) -> None:
    before = 0
    for field, (kind, value) in struct.items():
        if 0 < field - before < 16:
            out.append((field - before) << 4 | kind)
        else:
            out.append(kind)
            _write_integer(out, field)
        before = field
        if kind not in (TRUE, FALSE):
            _write_value(out, kind, value)
    out.append(0)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind in _INTEGERS:
        _write_integer(out, value)
    elif kind == BINARY:
        _write_natural(out, len(value))
        out += value
    elif kind in (LIST, SET):
        _write_list(out, *value)
    elif kind == STRUCT:
        _write_struct(out, value)
    else:
        out += value


def _write_list(out: bytearray, kind: int, values: list[Any]) -> None:
    if len(values) < _LONG_LIST:
        out.append(len(values) << 4 | kind)
    else:
        out.append(_LONG_LIST << 4 | kind)
        _write_natural(out, len(values))
    for value in values:
        _write_value(out, kind, value)


def _write_natural(out: bytearray, number: int) -> None:
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def _write_integer(out: bytearray, number: int) -> None:
    _write_natural(out, number << 1 if number >= 0 else (-number << 1) - 1)
