"""Random JSON Schemas with makers of instances, and the comparison with Python's jsonschema.

Both ways: what a model with random weights says under the mask is valid; and instances made for the
schema, without our help, are accepted, while spoilt ones are accepted only if jsonschema holds them
for valid too.
"""
import datetime
import json
import random
import re
import string
import urllib.parse

import jsonschema

LETTERS = string.ascii_letters + string.digits + ' _-.:/łóżя中🙂"\\\n\t\x01'

# A pattern with a generator of strings that match it: not taken from the pattern by our own reader.
PATTERNS = [
    (r'^[a-z]{2,5}$', lambda r: ''.join(r.choices(string.ascii_lowercase, k=r.randint(2, 5)))),
    (r'^(foo|bar)+$', lambda r: ''.join(r.choices(['foo', 'bar'], k=r.randint(1, 4)))),
    (r'^[A-Z]{3}-\d{1,4}$', lambda r: ''.join(r.choices(string.ascii_uppercase, k=3)) + '-'
     + str(r.randint(0, 9999))),
    (r'^\w+(\.\w+)*$', lambda r: '.'.join(text(r, string.ascii_letters + '_09', 1, 4)
                                         for _ in range(r.randint(1, 3)))),
    (r'ab', lambda r: text(r, LETTERS, 0, 3) + 'ab' + text(r, LETTERS, 0, 3)),
    (r'^x', lambda r: 'x' + text(r, LETTERS, 0, 4)),
    (r'y$', lambda r: text(r, LETTERS, 0, 4) + 'y'),
    (r'^[^"\\/a-f]{1,6}$', lambda r: text(r, 'ghz ł🙂中AZ09', 1, 6)),
    (r'^(?:\+48 )?[0-9]{3}(?: ?[0-9]{3}){2}$', lambda r: r.choice(['', '+48 ']) + '600 700800'),
    (r'^a.c$', lambda r: 'a' + r.choice('xż🙂. ') + 'c'),
    (r'^[\u0400-\u04ff]+?$', lambda r: text(r, 'ядро', 1, 5)),
    (r'^$|^-$', lambda r: r.choice(['', '-'])),
]


def text(r, letters, least, most):
    return ''.join(r.choices(letters, k=r.randint(least, most)))


def day(r):
    year, month = r.randint(1, 9999), r.randint(1, 12)
    days = [31, 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28,
            31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    return f'{year:04}-{month:02}-{r.choice([1, days, r.randint(1, days)]):02}'


def clock(r):
    return (f'{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}'
            + r.choice(['', '.5', '.123456']) + r.choice(['Z', '+01:00', '-11:30']))


FORMATS = {
    'date': day,
    'time': clock,
    'date-time': lambda r: day(r) + 'T' + clock(r),
    'uuid': lambda r: '-'.join(text(r, string.hexdigits, n, n) for n in (8, 4, 4, 4, 12)),
    'email': lambda r: text(r, 'abcXYZ019_', 1, 9) + '@' + text(r, 'abc', 1, 9) + '.org',
    'ipv4': lambda r: '.'.join(str(r.randint(0, 255)) for _ in range(4)),
    'ipv6': lambda r: r.choice(['::', '::1', '2001:db8::', '1:2:3:4:5:6:7:8',
                                'fe80:0:0:0:0:0:0:1']),
    'hostname': lambda r: text(r, 'abc019', 1, 9) + '.example',
    'uri': lambda r: r.choice(['https://example.org', 'http://a.b/c/d?e=f#g', 'ftp://x:21/']),
    'duration': lambda r: r.choice(['P1D', 'PT5M', 'P3Y6M4DT12H30M5S', 'P2W']),
}


class Maker:
    """Random schemas; for each an independent maker of instances goes with it: instance(random)."""

    def __init__(self, seed, bounded=True):
        self.r = random.Random(seed)
        self.bounded = bounded
        self.definitions = {}

    def schema(self):
        root, instance = self.any(3)
        if self.definitions:
            root = {'$defs': self.definitions, **root} if isinstance(root, dict) else root
        return root, instance

    def any(self, depth):
        r = self.r
        simple = [self.string, self.integer, self.number, self.enum, self.const, self.boolean,
                  self.types]
        nested = [self.object, self.object, self.array, self.prefix, self.any_of, self.one_of,
                  self.all_of,
                  self.reference, self.recursive, self.map]
        kind = r.choice(simple if depth <= 0 else simple + nested * 2)
        schema, instance = kind(depth - 1)
        if r.random() < 0.1 and isinstance(schema, dict):
            schema = {**schema, 'title': 'T', 'description': 'It is "so".', 'default': None}
        return schema, instance

    def string(self, depth):
        r = self.r
        kind = r.random()
        if kind < 0.3:
            pattern, make = r.choice(PATTERNS)
            schema = {'type': 'string', 'pattern': pattern}
            if pattern in (r'ab', r'^x', r'y$', r'^\w+(\.\w+)*$', r'^[\u0400-\u04ff]+?$',
                           r'^(foo|bar)+$'):
                schema['maxLength'] = 16
            return schema, make
        if kind < 0.5:
            name = r.choice(list(FORMATS))
            schema = {'type': 'string', 'format': name}
            if r.random() < 0.5:
                schema['maxLength'] = r.choice([40, 200, 900, 70000])
            return schema, FORMATS[name]
        least = r.choice([0, 0, 1, 3])
        most = least + r.choice([0, 1, 5, 40])
        schema = {'type': 'string', 'maxLength': most}
        if least:
            schema['minLength'] = least
        return schema, lambda r: text(r, LETTERS, least, most)

    def integer(self, depth):
        r = self.r
        low = r.choice([None, 0, 1, -5, r.randint(-2000, 2000), 10 ** 9, -10 ** 15])
        high = r.choice([None, (low or 0) + r.randint(2, 5000)])
        if high is not None and low is None and high < 0:
            high = 3
        schema = {'type': 'integer'}
        first, last = low, high
        if low is not None:
            if r.random() < 0.3:
                schema['exclusiveMinimum'] = low
                first = low + 1
            else:
                schema['minimum'] = low
        if high is not None:
            if r.random() < 0.3:
                schema['exclusiveMaximum'] = high
                last = high - 1
            else:
                schema['maximum'] = high
        a = first if first is not None else min(-10 ** 6, last if last is not None else 0)
        b = last if last is not None else max(10 ** 6, a)
        return schema, lambda r: r.choice([a, b, r.randint(a, b)])

    def number(self, depth):
        r = self.r
        if r.random() < 0.3:
            return ({'type': 'number'},
                    lambda r: r.choice([0, -1, 0.5, -12.25, 1e20, 2.5e-7, r.random(),
                                        r.randint(-99, 99)]))
        low = r.choice([0, -1, 0.5, -0.25, 10, 99.95, -1000])
        high = low + r.choice([0.5, 1, 10.125, 500])
        schema = {'type': 'number', 'minimum': low, 'maximum': high}
        exclusive = r.random() < 0.3
        if exclusive:
            schema = {'type': 'number', 'exclusiveMinimum': low, 'exclusiveMaximum': high}
        first = round(low + 0.01, 4) if exclusive else low
        last = round(high - 0.01, 4) if exclusive else high
        return schema, lambda r: r.choice([first, last,
                                           min(last, max(first, round(r.uniform(low, high), 3)))])

    def value(self, r, depth=1):
        kind = r.randint(0, 5 if depth else 3)
        return [None, r.random() < 0.5, r.randint(-99, 99), text(r, LETTERS, 0, 5),
                [self.value(r, 0)] if depth else None,
                {'k': self.value(r, 0)} if depth else None][kind]

    def enum(self, depth):
        values = [self.value(self.r) for _ in range(self.r.randint(1, 5))]
        return {'enum': values}, lambda r: r.choice(values)

    def const(self, depth):
        value = self.value(self.r)
        return {'const': value}, lambda r: value

    def boolean(self, depth):
        return {'type': 'boolean'}, lambda r: r.random() < 0.5

    def types(self, depth):
        return ({'type': ['null', 'boolean', 'integer'], 'minimum': 0, 'maximum': 9},
                lambda r: r.choice([None, True, False, 0, 9, 5]))

    def names(self, n):
        pool = ['a', 'ab', 'b', 'name', 'naïve', 'x y', 'q"t', 'id', 'value', 'z', '日', 'nam', '']
        return self.r.sample(pool, n)

    def object(self, depth):
        r = self.r
        names = self.names(r.randint(0, 5))
        parts = {name: self.any(depth) for name in names}
        required = [name for name in names if r.random() < 0.5]
        schema = {'type': 'object', 'properties': {name: part[0] for name, part in parts.items()}}
        if required or r.random() < 0.3:
            schema['required'] = r.sample(required, len(required))
        extra = r.random()
        further = None
        if extra < 0.5:
            schema['additionalProperties'] = False
        elif extra < 0.75:
            inner, further = self.any(0)
            schema['additionalProperties'] = inner
            schema['maxProperties'] = len(names) + 2
        least, most = 0, 99
        if r.random() < 0.3 and names:
            least = r.randint(0, len(names))
            schema['minProperties'] = least
        if r.random() < 0.2 and further is None:
            most = r.randint(max(least, len(required), 1), max(len(names), len(required), least, 1))
            schema['maxProperties'] = most

        def instance(r):
            chosen = [n for n in names if n in required or r.random() < 0.5]
            while len(chosen) < least:
                chosen.append(r.choice([n for n in names if n not in chosen]))
            while len(chosen) > most:
                chosen.remove(r.choice([n for n in chosen if n not in required]))
            value = {n: parts[n][1](r) for n in names if n in chosen}
            if further and r.random() < 0.5:
                value['other' + text(r, 'abc"', 0, 3)] = further(r)
            return value
        return schema, instance

    def map(self, depth):
        r = self.r
        pattern, make = r.choice(PATTERNS[:4])
        inner, instance = self.any(depth)
        schema = {'type': 'object', 'patternProperties': {pattern: inner},
                  'additionalProperties': False,
                  'maxProperties': 3}
        if r.random() < 0.3:
            schema['minProperties'] = 1

        def make_instance(r):
            value = {}
            for _ in range(r.randint(1, 3)):
                value[make(r)] = instance(r)
            return value
        return schema, make_instance

    def array(self, depth):
        r = self.r
        inner, instance = self.any(depth)
        least = r.choice([0, 0, 1, 2])
        most = least + r.choice([0, 1, 3])
        schema = {'type': 'array', 'items': inner, 'maxItems': most}
        if least:
            schema['minItems'] = least
        return schema, lambda r: [instance(r) for _ in range(r.randint(least, most))]

    def prefix(self, depth):
        r = self.r
        parts = [self.any(depth) for _ in range(r.randint(1, 3))]
        least = r.randint(0, len(parts))
        schema = {'type': 'array', 'prefixItems': [part[0] for part in parts], 'items': False}
        if least:
            schema['minItems'] = least
        return schema, lambda r: [part[1](r) for part in parts[:r.randint(least, len(parts))]]

    def any_of(self, depth):
        parts = [self.any(depth) for _ in range(self.r.randint(1, 3))]
        return {'anyOf': [part[0] for part in parts]}, lambda r: r.choice(parts)[1](r)

    def one_of(self, depth):
        r = self.r
        if r.random() < 0.5:
            parts = [({'type': 'string', 'maxLength': 5}, lambda r: text(r, LETTERS, 0, 5)),
                     ({'type': 'integer', 'minimum': 0, 'maximum': 9}, lambda r: r.randint(0, 9)),
                     ({'type': 'integer', 'minimum': 10, 'maximum': 20},
                      lambda r: r.randint(10, 20)),
                     ({'type': 'null'}, lambda r: None)]
            parts = r.sample(parts, r.randint(1, 4))
            return {'oneOf': [part[0] for part in parts]}, lambda r: r.choice(parts)[1](r)
        parts = []
        for kind in ('circle', 'square', 'line'):
            inner, instance = self.any(depth)
            parts.append(({'type': 'object', 'properties': {'kind': {'const': kind}, 'of': inner},
                           'required': ['kind'], 'additionalProperties': False},
                          lambda r, kind=kind, instance=instance:
                          {'kind': kind, 'of': instance(r)}))
        return {'oneOf': [part[0] for part in parts]}, lambda r: r.choice(parts)[1](r)

    def all_of(self, depth):
        a, make_a = self.any(depth)
        b, make_b = self.any(depth)
        schema = {'type': 'object', 'allOf': [{'properties': {'p': a}, 'required': ['p']},
                                              {'properties': {'q': b}}]}

        def instance(r):
            value = {'p': make_a(r)}
            if r.random() < 0.5:
                value['q'] = make_b(r)
            return value
        return schema, instance

    def reference(self, depth):
        name = f'd{len(self.definitions)}'
        self.definitions[name] = True
        self.definitions[name], instance = self.any(depth)
        return {'$ref': f'#/$defs/{name}'}, instance

    def recursive(self, depth):
        name = f'd{len(self.definitions)}'
        self.definitions[name] = True
        inner, instance = self.any(0)
        self.definitions[name] = {
            'type': 'object', 'properties': {'value': inner, 'next': {'anyOf': [
                {'$ref': f'#/$defs/{name}'}, {'type': 'null'}]}, 'all': {
                    'type': 'array', 'items': {'$ref': f'#/$defs/{name}'}, 'maxItems': 2}},
            'required': ['value', 'next'], 'additionalProperties': False}

        def make(r, depth=3):
            value = {'value': instance(r),
                     'next': make(r, depth - 1) if depth and r.random() < 0.5 else None}
            if depth and r.random() < 0.4:
                value['all'] = [make(r, depth - 1) for _ in range(r.randint(0, 2))]
            return value
        return {'$ref': f'#/$defs/{name}'}, make


def write(value, spaces=True):
    """JSON in the form that grammars allow: numbers without a sign before an exponent's zeros."""
    separators = (', ', ': ') if spaces else (',', ':')
    return json.dumps(value, ensure_ascii=False, separators=separators)


def spoil(r, text):
    """A text like @text, but for one or two small changes."""
    for _ in range(r.randint(1, 2)):
        at = r.randrange(len(text) + 1)
        kind = r.randrange(4)
        if kind == 0:
            text = text[:at] + text[at + 1:]
        elif kind == 1:
            text = text[:at] + r.choice('{}[],:"0a-. \\e') + text[at:]
        elif kind == 2 and at < len(text):
            text = text[:at] + r.choice('{}[],:"19ab-. ') + text[at + 1:]
        else:
            words = re.findall(r'"[^"]*"|\d+|true|null', text)
            if words:
                text = text.replace(r.choice(words), r.choice(['null', '7', '"zz"', '1.5', '[]']),
                                    1)
    return text


# jsonschema checks some formats only with further packages: the standard library knows them too.
CHECKER = jsonschema.FormatChecker()
CHECKS = {
    'date-time': lambda text: bool(datetime.datetime.fromisoformat(text)),
    'time': lambda text: datetime.time.fromisoformat(text).tzinfo is not None,
    'uri': lambda text: bool(urllib.parse.urlsplit(text).netloc)
    and urllib.parse.urlsplit(text).port != 0,
    'hostname': lambda text: len(text) < 254 and all(
        re.fullmatch('(?!-)[A-Za-z0-9-]{1,63}(?<!-)', label) for label in text.split('.')),
}
for name, check in CHECKS.items():
    CHECKER.checks(name, ValueError)(
        lambda text, check=check: not isinstance(text, str) or check(text))


def reject(constant):
    raise ValueError(constant)


def check_said(validator, answer, schema):
    for said in answer['said']:
        if not said['whole']:
            return (f'not ended after {said["tokens"]} tokens: {said["text"]!r}\n'
                    f'{json.dumps(schema)}')
        try:
            value = json.loads(said['text'], parse_constant=reject)
            validator.validate(value)
        except (ValueError, TypeError, jsonschema.ValidationError) as error:
            return f'{said["text"]!r}: {error}\n{json.dumps(schema)}'
    return None


def check_matches(validator, texts, answer, schema):
    for (kind, text), match in zip(texts, answer['matches'], strict=True):
        if kind == 'made' and match != 2:
            return f'refused ({match}): {text!r}\n{json.dumps(schema)}'
        if kind == 'spoilt' and match == 2:
            try:
                validator.validate(json.loads(text, parse_constant=reject))
            except (ValueError, jsonschema.ValidationError) as error:
                return f'accepted: {text!r}: {error}\n{json.dumps(schema)}'
    return None


def run(say, first, count, times, most):
    """Returns the first problem, and how much was seen."""
    seen = {'schemas': 0, 'said': 0, 'made': 0, 'spoilt': 0, 'refused schemas': 0}
    for seed in range(first, first + count):
        schema, instance = Maker(seed).schema()
        validator = jsonschema.Draft202012Validator(schema, format_checker=CHECKER)
        r = random.Random(seed)
        texts = []
        for _ in range(6):
            value = instance(r)
            if not validator.is_valid(value):  # the maker does not think of everything
                continue
            made = write(value, r.random() < 0.5)
            texts += [('made', made), ('spoilt', spoil(r, made))]
        answer = say.ask(schema=schema, texts=[text for _, text in texts], say=times, seed=seed,
                         most=most)
        if 'error' in answer:
            if 'no text of finite length' in answer['error'] and not texts:
                seen['refused schemas'] += 1
                continue
            return f'{answer["error"]}\n{json.dumps(schema)}', seen
        problem = (check_said(validator, answer, schema)
                   or check_matches(validator, texts, answer, schema))
        if problem:
            return f'seed {seed}: {problem}', seen
        seen['schemas'] += 1
        seen['said'] += len(answer['said'])
        for kind, _ in texts:
            seen[kind] += 1
    return None, seen
