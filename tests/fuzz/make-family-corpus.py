#!/usr/bin/env python3
"""Cuts the tiny models of tests/engine/families down to what stands before their tensors' data.

Usage: make-family-corpus.py [--vision] FOLDER [NAME...]    all of them without a name; the files of tests/engine/vision

The corpus in the tree keeps a few, one for each way to be different; a fuzzer starts from all."""
import glob
import os
import struct
import sys

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9
is_vision = '--vision' in sys.argv
families = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'engine', 'vision' if is_vision else 'families')


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


arguments = [argument for argument in sys.argv[1:] if argument != '--vision']
os.makedirs(arguments[0], exist_ok=True)
for path in glob.glob(os.path.join(families, '*.gguf')):
    name = os.path.basename(path).removesuffix('.gguf')
    if arguments[1:] and name not in arguments[1:]:
        continue
    with open(path, 'rb') as file:
        content = head(file.read())
    with open(os.path.join(arguments[0], name), 'wb') as file:
        file.write(content)
