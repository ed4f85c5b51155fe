"""The two sides of the comparison of chat templates: jinja2 as transformers sets it up, and ours.

transformers' environment is described in its chat_template_utils: an immutable sandbox with
trim_blocks, lstrip_blocks, loop controls, a tag "generation" that only marks its body, and a few
functions. Its tojson neither escapes HTML nor non-ASCII characters.
"""
import copy
import datetime
import functools
import json
import os
import subprocess

import jinja2
import jinja2.ext
import jinja2.sandbox

DATE = '2024-07-06T08:05:09'


class Generation(jinja2.ext.Extension):
    tags = {'generation'}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(['name:endgeneration'], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method('_body'), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


class Namespace(jinja2.utils.Namespace):
    def __init__(*args, **kwargs):
        self, args = args[0], args[1:]
        values = dict(*args, **kwargs)
        for name in values:
            Namespace.check(name)
        jinja2.utils.Namespace.__init__(self, values)

    def __setitem__(self, name, value):
        Namespace.check(name)
        jinja2.utils.Namespace.__setitem__(self, name, value)

    @staticmethod
    def check(name):
        if isinstance(name, str) and name.startswith('_'):
            raise jinja2.exceptions.SecurityError('underscore')


class Raised(jinja2.exceptions.TemplateError):
    """What raise_exception raises, to be told from what jinja2 itself finds wrong."""


def raise_exception(message):
    raise Raised(message)


def make_environment():
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators,
                          sort_keys=sort_keys)

    environment.filters['tojson'] = tojson
    environment.globals['raise_exception'] = raise_exception
    environment.globals['strftime_now'] = datetime.datetime.fromisoformat(DATE).strftime
    environment.globals['namespace'] = Namespace
    return environment


ENVIRONMENT = make_environment()


@functools.lru_cache(maxsize=4)
def compiled(source):
    return ENVIRONMENT.from_string(source)


def with_reasoning(message):
    """transformers hands reasoning on under each of the names that templates read."""
    names = ('reasoning_content', 'thinking', 'reasoning')
    reasoning = next((message[name] for name in names if message.get(name) is not None), None)
    if reasoning is None:
        return message
    return {'thinking': reasoning, **message, 'reasoning_content': reasoning}


def render_jinja2(source, request):
    """Returns ('text', …), ('raised', message) or ('error', sentence)."""
    variables = dict(request.get('extra') or {})
    variables.update(messages=[with_reasoning(m) for m in copy.deepcopy(request['messages'])],
                     tools=copy.deepcopy(request.get('tools')), documents=variables.get('documents'),
                     add_generation_prompt=request.get('add_generation_prompt', False))
    for name in ('bos', 'eos'):
        if request.get(name) is not None:
            variables[name + '_token'] = request[name]
    try:
        return 'text', compiled(source).render(**variables)
    except Raised as error:
        return 'raised', str(error)
    except Exception as error:  # Python's own errors come through as they are
        return 'error', f'{type(error).__name__}: {error}'


class Ours:
    """A process of template-render; any number of requests."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, 'TZ': 'UTC'})

    def ask(self, source, request):
        line = {'template': source, 'messages': json.dumps(request['messages']), 'date': DATE,
                'add_generation_prompt': request.get('add_generation_prompt', False)}
        for name in ('tools', 'extra'):
            if request.get(name) is not None:
                line[name] = json.dumps(request[name])
        for name in ('bos', 'eos'):
            if request.get(name) is not None:
                line[name] = request[name]
        self.process.stdin.write(json.dumps(line).encode() + b'\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f'template-render ended with {self.process.wait()}')
        return json.loads(answer)

    def render(self, source, request):
        answer = self.ask(source, request)
        if 'text' in answer:
            return 'text', answer['text']
        if answer['error'] == 'raised':
            return 'raised', answer['subject']
        return 'error', answer['message']

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


class Tap:
    """Test Anything Protocol on standard output."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def result(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        print(f'{"not ok" if problems else "ok"} {self.count} {name}', flush=True)
        for problem in problems[:5]:
            for line in str(problem).splitlines():
                print(f'# {line}')

    def skip(self, name, reason):
        self.count += 1
        print(f'ok {self.count} {name} # SKIP {reason}', flush=True)

    def finish(self):
        print(f'1..{self.count}')
        return 1 if self.failed else 0


def templates(shared):
    """Names and sources: the two starters' from the fixtures, and those in the shared folder."""
    here = os.path.dirname(os.path.abspath(__file__))
    found = []
    for folder in (os.path.join(here, 'fixtures'), shared):
        if folder and os.path.isdir(folder):
            for name in sorted(os.listdir(folder)):
                if name.endswith('.jinja'):
                    with open(os.path.join(folder, name), encoding='utf-8', newline='') as file:
                        found.append((name.removesuffix('.jinja'), file.read()))
    return found
