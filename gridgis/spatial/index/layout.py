"""The layout of the index: one flat int32 array of header, raster, blocks and records.

::

    HEADER   one word each: magic, version, shift, columns, rows, west, south (two words each), ...
    raster   rows × columns values, from the south-west, row by row; a cell is a square of
             2^shift lattice units, and its corner lies on multiples of 2^shift
    blocks   likewise for squares of 8 × 8 cells: 1 where any of them has a record, else 0
    records  nodes and leaves, in the order of the raster

    value    >= 0: every point of the cell has this id (0: outside, else number + 1)
             <  0: ~offset of a record, in words from the start of the array

    node     sub_shift | -k | 4^k values                the cell has its own 2^k × 2^k raster
    leaf     base | n | n × (ax ay dx dy turn) | n × left                        NARROW edges
    leaf     base | n + WIDE | n × (ax ay dx dy, two words each, turn left)      WIDE edges

    edge     from a to b = a + d, stored so that dy >= 0 (dx > 0 where dy = 0); coordinates count
             from the south-west corner of the CELL, also in the leaves of a node
             turn = (right id - left id) << 2 | b west of the leaf << 1 | a west of the leaf
    number   two words, low word first

A leaf is WIDE when an edge reaches so far from its cell that int32 does not hold it. The bounds:
narrow coordinates lie within 2^30 and a cell is at most 2^29 wide, so differences lie within 2^31,
their products within 2^62, and an orientation test within int64.
"""

MAGIC = 0x58444947  # "GIDX"
VERSION = 1

AT_MAGIC = 0
AT_VERSION = 1
AT_SHIFT = 2
AT_COLUMNS = 3
AT_ROWS = 4
AT_WEST = 6
AT_SOUTH = 8
AT_GRIDS = 10
AT_EDGES = 11
AT_WORDS = 12
AT_CODE_BYTES = 14
AT_DIGEST = 16
AT_CHECKSUM = 24
HEADER_WORDS = 32

BLOCK_LEVELS = 3

EDGE_WORDS = 5
WIDE_EDGE_WORDS = 10
WIDE = 1 << 24
NARROW_LIMIT = 1 << 30
MAX_SHIFT = 29
MAX_SUB_LEVELS = 8
MAX_WORDS = 1 << 31

A_WEST, B_WEST, FLAG_BITS = 1, 2, 2
