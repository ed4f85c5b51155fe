#!/usr/bin/env python3
"""JSON Schemas as grammars: particulars by hand, what is refused, some hundreds of random schemas.

Usage: test-grammar-schema.py PROGRAM, the built grammar-say. test-grammar-many.py has thousands.
"""
import sys

from grammar_peer import Say, Tap
from grammar_random import run


def refusals(tap, say):
    """What is not supported is said, with the keyword and its place."""
    cases = {
        'multipleOf': ({'properties': {'a': {'type': 'number', 'multipleOf': 0.5}},
                        'type': 'object'},
                       'multipleOf at #/properties/a'),
        'not': ({'not': {'type': 'string'}}, 'not at #'),
        'a typing error': ({'type': 'string', 'minlength': 3}, 'minlength at #'),
        'if': ({'if': {}, 'then': {}}, 'if at #'),
        'contains': ({'type': 'array', 'contains': {}}, 'contains at #'),
        'unique items': ({'type': 'array', 'uniqueItems': True}, 'uniqueItems at #'),
        'a format': ({'items': {'format': 'colour'}}, 'format at #/items'),
        'a look-ahead': ({'type': 'string', 'pattern': '(?=a)b'}, 'look-around'),
        'a reference elsewhere': ({'$ref': 'https://example.org/x.json'}, '$ref at #'),
        'a reference to nothing': ({'$ref': '#/$defs/none'}, '$ref at #'),
        'oneOf that overlaps': ({'oneOf': [{'type': 'number'}, {'type': 'integer'}]}, 'oneOf at #'),
        'no finite instance': ({'type': 'object', 'properties': {'a': {'$ref': '#'}},
                                'required': ['a']},
                               'no text of finite length'),
        'nothing fits': (False, 'no text of finite length'),
        'no type': ({'type': 'thing'}, 'type at #'),
        'a list for items': ({'items': [{}]}, 'items at #'),
        'a long string': ({'type': 'string', 'maxLength': 10 ** 6}, 'maxLength'),
        'many distinct names': ({'type': 'object', 'minProperties': 5}, 'minProperties'),
        'a schema that is none': ('[1]', 'neither an object'),
        'no JSON': ('{', 'no JSON'),
        'a name twice': ('{"type": "string", "type": "null"}', 'stands twice'),
    }
    for name, (schema, words) in cases.items():
        answer = say.ask(schema=schema)
        tap.result(words in answer.get('error', ''), f'refused: {name}', answer)


def particulars(tap, say):
    """Single properties of the mapping, by hand."""
    cases = [
        ('any value', True, ['{"a": [1, null, {"b": "c"}]}', '[]', '-0.5e-3',
                             '"\\u0142\\ud83d\\ude00"'],
         ['', '01', '{"a" : 1}', '"\\ud83d"', '[1,]', '{,}', ' 1', '1 ', '"\n"', '+1', '.5', '1.']),
        ('leap years', {'type': 'string', 'format': 'date'},
         ['"2024-02-29"', '"2000-02-29"', '"2023-12-31"'],
         ['"2023-02-29"', '"1900-02-29"', '"2024-04-31"', '"0000-01-01"', '"2024-13-01"']),
        ('limits', {'type': 'integer', 'minimum': -12, 'maximum': 105},
         ['-12', '-1', '0', '9', '99', '105'], ['-13', '-0', '106', '00', '1.0', '1000', '-']),
        ('fractions', {'type': 'number', 'exclusiveMinimum': 0, 'maximum': 1.25},
         ['0.1', '1', '1.25', '1.2', '0.000001', '1.250'],
         ['0', '0.0', '1.26', '-0.1', '1.251', '2']),
        ('below zero', {'type': 'number', 'minimum': -2.5, 'exclusiveMaximum': -1},
         ['-2.5', '-1.5', '-2', '-1.01', '-2.50'], ['-1', '-1.0', '-2.51', '-3', '0', '1.5']),
        ('lengths are of characters', {'type': 'string', 'minLength': 2, 'maxLength': 2},
         ['"łó"', '"\\n🙂"', '"\\u0142\\ud83d\\ude00"'], ['"a"', '"🙂"', '"abc"']),
        ('a link of a length', {'type': 'string', 'format': 'uri', 'minLength': 25, 'maxLength': 30},
         ['"https://example.org/abcde"', '"https://example.org/' + 'a' * 10 + '"'],
         ['"https://example.org/abcd"', '"https://example.org/' + 'a' * 11 + '"']),
        ('a link of a usual length', {'type': 'string', 'format': 'uri', 'maxLength': 255},
         ['"https://example.org/' + 'a' * 235 + '"'],
         ['"https://example.org/' + 'a' * 236 + '"', '"example.org"']),
        ('more than a link can have', {'type': 'string', 'format': 'uri', 'maxLength': 10 ** 6},
         ['"https://example.org/a"'], ['"https:"']),
        ('no more than listed', {'type': 'object', 'properties': {'a': {}}}, ['{}', '{"a":1}'],
         ['{"b":1}']),
        ('more where it is said', {'type': 'object', 'properties': {'a': {'const': 1}},
                                   'additionalProperties': {'const': 2}},
         ['{"a":1, "b":2,"aa":2}', '{"":2}'], ['{"a":2}', '{"b":1}', '{"b":2,"a":1}']),
        ('types and enum together', {'type': 'string', 'enum': ['a', 1, None, 'bcd'],
                                     'maxLength': 2},
         ['"a"'], ['1', 'null', '"bcd"']),
        ('allOf narrows', {'allOf': [{'type': 'integer', 'minimum': 3}, {'maximum': 5}]},
         ['3', '5'],
         ['2', '6', '"a"']),
        ('branches with what stands beside them',
         {'type': 'object', 'properties': {'k': {}, 'v': {'type': 'integer'}}, 'required': ['k'],
          'anyOf': [{'properties': {'k': {'const': 1}}},
                    {'properties': {'k': {'const': 2}, 'w': {}}}]},
         ['{"k":1}', '{"k":2,"v":3}', '{"k":2,"w":0}'], ['{"k":3}', '{"v":3}', '{"k":1,"w":0}']),
        ('an anchor', {'$defs': {'x': {'$anchor': 'here', 'const': 1}}, '$ref': '#here'}, ['1'],
         ['2']),
    ]
    for name, schema, good, bad in cases:
        answer = say.ask(schema=schema, texts=good + bad)
        expected = [True] * len(good) + [False] * len(bad)
        got = [match == 2 for match in answer.get('matches', [])]
        wrong = [t for t, e, g in zip(good + bad, expected, got) if e != g]
        tap.result(got == expected, name, f'{wrong} {answer}')


def main():
    tap = Tap()
    say = Say(sys.argv[1])
    particulars(tap, say)
    refusals(tap, say)
    problem, seen = run(say, 0, 250, 4, 600)
    tap.result(problem is None, f'random schemas: {seen}', problem)
    tap.result(say.close() == 0, 'the program ends well')
    return tap.close()


if __name__ == '__main__':
    sys.exit(main())
