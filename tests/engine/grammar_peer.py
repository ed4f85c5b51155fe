"""What the tests of grammars share: a process of grammar-say."""
import json
import subprocess


class Tap:
    def __init__(self):
        self.count, self.failed = 0, 0

    def result(self, good, name, detail=''):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}", flush=True)
        if not good:
            for line in str(detail).splitlines():
                print(f'# {line}', flush=True)

    def skip(self, name, why):
        self.count += 1
        print(f'ok {self.count} - {name} # SKIP {why}', flush=True)

    def close(self):
        print(f'1..{self.count}', flush=True)
        return 1 if self.failed else 0


class Say:
    """A process of grammar-say; any number of requests."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def ask(self, **request):
        if 'schema' in request and not isinstance(request['schema'], str):
            request['schema'] = json.dumps(request['schema'], ensure_ascii=False)
        self.process.stdin.write(json.dumps(request).encode() + b'\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f'grammar-say ended with {self.process.wait()} at {request}')
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()
