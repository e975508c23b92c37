"""The data that same_bytes trains on: small, drawn from fixed seeds, one file per format."""

import math
import random
import struct
import zlib


def _pictures(draw, count, height, width, levels):
    """Bytes [count, height, width]: a bright square at a random place on noise, or with two levels of 0 and 1."""
    out = bytearray()
    for _ in range(count):
        top, left = draw.randrange(height // 2), draw.randrange(width // 2)
        for i in range(height):
            for j in range(width):
                inside = top <= i < top + height // 2 and left <= j < left + width // 2
                value = draw.randrange(160, 256) if inside else draw.choice((0, 0, 0, draw.randrange(60)))
                out.append(value if levels == 256 else int(value > 128))
    return bytes(out)


def _idx(file, shape, values):
    file.parent.mkdir(parents=True, exist_ok=True)
    sizes = b"".join(struct.pack(">I", size) for size in shape)
    file.write_bytes(bytes([0, 0, 8, len(shape)]) + sizes + values)


def _idx_folder(folder, draw, splits, height, width, levels=256):
    for split, count in splits.items():
        _idx(folder / (split + "-images-idx3-ubyte"), (count, height, width), _pictures(draw, count, height, width, levels))
        _idx(folder / (split + "-labels-idx1-ubyte"), (count,), bytes(draw.randrange(3) for _ in range(count)))


def _npy(file, rows):
    """Rows of numbers as float32 [n, d]."""
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (len(rows), len(rows[0]))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    values = b"".join(struct.pack("<%df" % len(row), *row) for row in rows)
    file.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values)


def _csv(file, rows):
    """Rows of whole numbers under a header; a missing number is an empty cell."""
    lines = [",".join("c%d" % j for j in range(len(rows[0])))]
    lines += [",".join("" if math.isnan(value) else "%d" % value for value in row) for row in rows]
    file.write_text("\n".join(lines) + "\n")


def _png(file, height, width, grey):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    file.parent.mkdir(parents=True, exist_ok=True)
    lines = b"".join(b"\0" + grey[i * width : (i + 1) * width] for i in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def _table(draw, count, dims):
    """Real values from three causes, with different scales and offsets."""
    weights = [[draw.uniform(-1, 1) for _ in range(3)] for _ in range(dims)]
    rows = []
    for _ in range(count):
        causes = [draw.gauss(0, 1) for _ in range(3)]
        rows.append([sum(w * c for w, c in zip(weights[j], causes)) * (1 + j) + 0.3 * draw.gauss(0, 1) + j for j in range(dims)])
    return rows


def _with_gaps(draw, rows, share):
    return [[math.nan if draw.random() < share else value for value in row] for row in rows]


def make(folder):
    """Writes everything: large/ and small/ for ELBO_DATA, with the data sets that recipes name, and files beside them."""
    draw = random.Random(1)
    for size, height, width, train, rest in (("large", 28, 28, 310, 60), ("small", 9, 10, 150, 30)):
        _idx_folder(folder / size / "mnist", draw, {"train": train, "t10k": rest}, height, width)
        splits = {"train": train, "valid": rest, "t10k": rest}
        _idx_folder(folder / size / "mnist-binarized", draw, splits, height, width, levels=2)
    _idx_folder(folder / "pictures", draw, {"train": 90, "t10k": 20}, 7, 9)
    for i in range(40):
        _png(folder / "png" / ("ab"[i % 2]) / ("%d.png" % i), 7, 9, _pictures(draw, 1, 7, 9, 256))
    table = _table(draw, 100, 11)
    _npy(folder / "table.npy", table)
    _npy(folder / "gaps.npy", _with_gaps(draw, table, 0.2))
    _npy(folder / "mask.npy", [[float(draw.random() > 0.2) for _ in row] for row in table])
    classes = [[float(min(3, abs(int(value)) // 2)) for value in row] for row in table]
    _npy(folder / "classes.npy", classes)
    _csv(folder / "classes-gaps.csv", _with_gaps(draw, classes, 0.2))
    _npy(folder / "codes.npy", [[draw.gauss(0, 1) for _ in range(5)] for _ in range(7)])
