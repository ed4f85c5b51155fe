#!/usr/bin/env python3
"""Makes the corpus of fuzz-schema: a schema for each group of keywords, and those that once were slow.

Usage: make-schema-corpus.py FOLDER
"""
import json
import os
import sys

DRAWN = bytes(range(1, 33))

TREE = {'type': 'object', 'required': ['v'], 'additionalProperties': False,
        'properties': {'v': {'type': 'integer'}, 'next': {'anyOf': [{'$ref': '#/$defs/tree'}, {'type': 'null'}]},
                       'all': {'type': 'array', 'items': {'$ref': '#/$defs/tree'}, 'maxItems': 2}}}

SCHEMAS = {
    'any': True,
    'none': {'not-a-keyword': False},
    'numbers': {'type': 'array', 'prefixItems': [
        {'type': 'integer', 'minimum': -5, 'exclusiveMaximum': 1200}, {'type': 'number', 'minimum': 0.25, 'maximum': 99.95},
        {'type': 'number', 'exclusiveMinimum': -1}, {'type': 'number'}, {'multipleOf': 1, 'maximum': -100}], 'items': False},
    'strings': {'type': 'array', 'items': {'type': 'string', 'minLength': 1, 'maxLength': 5}, 'minItems': 2, 'maxItems': 3},
    'patterns': {'anyOf': [{'type': 'string', 'pattern': '^(?:\\+48 )?[0-9]{3}(?: ?[0-9]{3}){2}$'},
                           {'type': 'string', 'pattern': 'a[^b-d\\w]+?|\\u0105$', 'maxLength': 9}]},
    'formats': {'type': 'array', 'prefixItems': [{'type': 'string', 'format': f} for f in ('date', 'time', 'uuid', 'ipv4')]},
    'object': {'type': 'object', 'properties': {'a': {'type': 'null'}, 'q"ł': {'type': 'boolean'}, '': {'const': 'x'}},
               'required': ['q"ł'], 'additionalProperties': {'type': 'integer'}, 'maxProperties': 3},
    'names': {'type': 'object', 'patternProperties': {'^a': {'type': 'null'}, 'b$': {'enum': [None, 1]}},
              'additionalProperties': False, 'minProperties': 1, 'maxProperties': 3},
    'values': {'enum': [None, True, -1.50e3, 'text\n', [1, {'a': [], 'b': {}}]], 'type': ['null', 'array', 'string', 'number']},
    'all': {'allOf': [{'type': 'object', 'properties': {'p': {'maxLength': 3}}, 'required': ['p']},
                      {'properties': {'p': {'minLength': 2, 'type': 'string'}}}, {'type': ['object', 'null']}]},
    'one': {'oneOf': [{'type': 'object', 'properties': {'kind': {'const': k}, 'of': {'type': 'integer'}},
                       'required': ['kind'], 'additionalProperties': False} for k in ('a', 'b')] + [{'type': 'null'}]},
    'one-of-both': {'oneOf': [{'type': 'string', 'maxLength': 5}, {'type': 'string', 'pattern': '^a'}]},
    'tree': {'$defs': {'tree': TREE}, '$ref': '#/$defs/tree'},
    'anchor': {'$id': 'https://x/', '$defs': {'n': {'$anchor': 'here', 'type': 'null'}}, 'items': {'$ref': 'https://x/#here'},
               'type': 'array', 'title': 'T', 'x-more': [{}]},
    'round': {'$ref': '#'},
    'alternatives': {'allOf': [{'anyOf': [{'maxLength': n + m} for n in range(4)]} for m in range(5)]},
    'unique': {'type': 'array', 'uniqueItems': True, 'items': {'type': 'null'}, 'maxItems': 2},
    'long': {'type': 'array', 'items': {'type': 'string', 'maxLength': 65535}, 'minItems': 65535},
    # A short pattern whose deterministic form is large, as often as there is room for it.
    'large-patterns': {'allOf': [{'pattern': '(a|b)*a' + '(a|b)' * 12 + str(i)} for i in range(30)]},
    'many-counts': {'type': 'object', 'properties': {c: {'type': 'string', 'maxLength': 999} for c in 'abcdef'},
                    'additionalProperties': {}, 'maxProperties': 60000},
    'references': {'$defs': {f'd{i}': {'anyOf': [{'$ref': f'#/$defs/d{(i * 3 + k) % 9}'} for k in range(3)] + [{'type': 'null'}]}
                             for i in range(9)}, '$ref': '#/$defs/d0'},
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, schema in SCHEMAS.items():
        with open(os.path.join(sys.argv[1], name), 'wb') as file:
            file.write(json.dumps(schema, ensure_ascii=False, separators=(',', ':')).encode() + b'\xff' + DRAWN)
    with open(os.path.join(sys.argv[1], 'broken'), 'wb') as file:
        file.write(b'{"const":"\\u0000\xc5","minimum":1e99999999999}')


main()
