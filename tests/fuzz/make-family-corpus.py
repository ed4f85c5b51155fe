#!/usr/bin/env python3
"""Cuts the tiny models of tests/engine/families down to what stands before their tensors' data.

Usage: make-family-corpus.py FOLDER [NAME...]    all of them without a name

The corpus in the tree keeps a few, one for each way to be different; a fuzzer starts from all."""
import glob
import os
import struct
import sys

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9
families = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'engine', 'families')


def behind_string(data, at):
    return at + 8 + struct.unpack_from('<Q', data, at)[0]


def behind_value(data, at, kind):
    if kind == STRING:
        return behind_string(data, at)
    if kind != ARRAY:
        return at + SIZES[kind]
    kind, count = struct.unpack_from('<IQ', data, at)
    at += 12
    for _ in range(count):
        at = behind_value(data, at, kind)
    return at


def head(data):
    tensors, values = struct.unpack_from('<QQ', data, 8)
    at = 24
    for _ in range(values):
        at = behind_string(data, at)
        at = behind_value(data, at + 4, struct.unpack_from('<I', data, at)[0])
    for _ in range(tensors):
        at = behind_string(data, at)
        at += 4 + 8 * struct.unpack_from('<I', data, at)[0] + 12
    return data[:at]


os.makedirs(sys.argv[1], exist_ok=True)
for path in glob.glob(os.path.join(families, '*.gguf')):
    name = os.path.basename(path).removesuffix('.gguf')
    if sys.argv[2:] and name not in sys.argv[2:]:
        continue
    with open(path, 'rb') as file:
        content = head(file.read())
    with open(os.path.join(sys.argv[1], name), 'wb') as file:
        file.write(content)
