#!/usr/bin/env python3
"""Makes the seeds in corpus/gguf: small files that reach every branch of the reader.

Usage: make-gguf-corpus.py FOLDER
"""
import os
import struct
import sys

UINT32, FLOAT32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9


def string(text):
    data = text.encode() if isinstance(text, str) else text
    return struct.pack('<Q', len(data)) + data


def value(key, kind, data):
    return string(key) + struct.pack('<I', kind) + data


def uint(key, number):
    return value(key, UINT32, struct.pack('<I', number))


def tensor(name, shape, kind, offset):
    return string(name) + struct.pack(f'<I{len(shape)}QIQ', len(shape), *shape, kind, offset)


def build(values, tensors=(), data=b'', version=3, alignment=32):
    head = b'GGUF' + struct.pack('<IQQ', version, len(tensors), len(values)) + b''.join(values) + b''.join(tensors)
    return head + bytes(-len(head) % alignment) + data


def every_kind():
    scalars = {0: '<B', 1: '<b', 2: '<H', 3: '<h', 4: '<I', 5: '<i', 6: '<f', 7: '<B', 10: '<Q', 11: '<q', 12: '<d'}
    values = [value(f'v{kind}', kind, struct.pack(form, 1)) for kind, form in scalars.items()]
    values += [value(f'a{kind}', ARRAY, struct.pack('<IQ', kind, 3) + 3 * struct.pack(form, 1))
               for kind, form in scalars.items()]
    values += [value('s', STRING, string('text')),
               value('as', ARRAY, struct.pack('<IQ', STRING, 3) + string('a') + string('') + string('ęż'))]
    return values


def program(family, biases):
    """A model 8 wide with a vocabulary of 4, one layer, two heads."""
    keys = {'block_count': 1, 'context_length': 16, 'embedding_length': 8, 'feed_forward_length': 16,
            'attention.head_count': 2, 'attention.head_count_kv': 1}
    values = [value('general.architecture', STRING, string(family)),
              value(f'{family}.attention.layer_norm_rms_epsilon', FLOAT32, struct.pack('<f', 1e-5)),
              value(f'{family}.rope.scaling.type', STRING, string('linear')),
              value(f'{family}.rope.scaling.factor', FLOAT32, struct.pack('<f', 2))]
    values += [uint(f'{family}.{key}', number) for key, number in keys.items()]
    shapes = {'token_embd.weight': (8, 4), 'output_norm.weight': (8,), 'output.weight': (8, 4),
              'blk.0.attn_norm.weight': (8,), 'blk.0.attn_q.weight': (8, 8), 'blk.0.attn_k.weight': (8, 4),
              'blk.0.attn_v.weight': (8, 4), 'blk.0.attn_output.weight': (8, 8), 'blk.0.ffn_norm.weight': (8,),
              'blk.0.ffn_gate.weight': (8, 16), 'blk.0.ffn_up.weight': (8, 16), 'blk.0.ffn_down.weight': (16, 8)}
    if biases:
        shapes.update({'blk.0.attn_q.bias': (8,), 'blk.0.attn_k.bias': (4,), 'blk.0.attn_v.bias': (4,)})
    else:
        shapes['rope_freqs.weight'] = (2,)
    tensors, data = [], b''
    for name, shape in shapes.items():
        kind = 1 if len(shape) == 1 else 0  # vectors as F16, which the program copies
        size = (2 if kind else 4) * shape[0] * (shape[1] if len(shape) > 1 else 1)
        tensors.append(tensor(name, shape, kind, len(data)))
        data += b'\x00\x3c' * (size // 2) + bytes(-size % 32)
    return build(values, tensors, data)


def blocks():
    """One block, at least, of each type of the format."""
    sizes = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84),
             12: (256, 144), 13: (256, 176), 14: (256, 210), 26: (1, 4), 30: (1, 2), 39: (32, 17)}
    tensors, data = [], b''
    for kind, (elements, size) in sizes.items():
        tensors.append(tensor(f't{kind}', (elements, 1), kind, len(data)))
        data += b'\x55' * size + bytes(-size % 32)
    return build([], tensors, data)


SEEDS = {
    'every-kind': build(every_kind()),
    'version-2': build(every_kind(), version=2),
    'blocks': blocks(),
    'llama': program('llama', False),
    'qwen2': program('qwen2', True),
    'alignment-8': build([uint('general.alignment', 8)], [tensor('t', (2, 1, 1, 1), 0, 8)], bytes(16), alignment=8),
    'alignment-huge': build([uint('general.alignment', 1 << 31)], [tensor('t', (2,), 0, 0)], bytes(32)),
    'split': build([value('split.count', 2, struct.pack('<H', 2))]),
    'nested-array': build([value('a', ARRAY, struct.pack('<IQIQ', ARRAY, 1, UINT32, 0))]),
    'array-wraps': build([value('a', ARRAY, struct.pack('<IQ', 10, 1 << 61))]),
    'string-bomb': build([value('s', STRING, struct.pack('<Q', 2 ** 64 - 1))]),
    'counts': b'GGUF' + struct.pack('<IQQ', 3, 2 ** 64 - 1, 2 ** 64 - 1),
    'shape-wraps': build([], [tensor('t', (1 << 32, 1 << 32), 0, 0)], bytes(32)),
    'bytes-wrap': build([], [tensor('t', (1 << 31, 1 << 31), 0, 0)], bytes(32)),
    'offset-wraps': build([], [tensor('t', (8,), 0, 2 ** 64 - 32)], bytes(32)),
    'five-dimensions': build([], [tensor('t', (1, 1, 1, 1, 1), 0, 0)], bytes(32)),
    'duplicate-key': build([uint('k', 1), uint('k', 1)]),
    'duplicate-tensor': build([], [tensor('t', (8,), 0, 0), tensor('t', (8,), 0, 32)], bytes(64)),
    'overlap': build([], [tensor('a', (16,), 0, 0), tensor('b', (8,), 0, 32)], bytes(64)),
    'big-endian': b'GGUF' + struct.pack('>IQQ', 3, 0, 0),
    'truncated': program('llama', False)[:-100],
}

for name, content in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), 'wb') as file:
        file.write(content)
