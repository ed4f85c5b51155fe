#!/usr/bin/env python3
"""Makes the corpus of fuzz-gbnf: a grammar of each kind, those that are refused, and those that once were slow.

Usage: make-gbnf-corpus.py FOLDER
"""
import os
import sys

DRAWN = bytes(range(1, 33))

GRAMMARS = {
    'json': r'''root ::= object
value ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws (string ":" ws value ("," ws string ":" ws value)*)? "}" ws
array ::= "[" ws (value ("," ws value)*)? "]" ws
string ::= "\"" ([^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}))* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws ::= | " " | "\n" [ \t]{0,20}
''',
    'letters': 'root ::= "a\\n\\x41\\u0105\\U0001F642\\"" [^\\]a-z\\-] . [ąę中-龥] [a-]\n',
    'repetitions': 'root ::= pair{2,3} "x"{2} [0-9]{1,} "y"* "z"+ ("p" "q")?\npair ::= [a-c] | "ab"\n',
    'lines': '# a grammar\nroot ::= "a"\n  | "b" # more\n  | (other |\n "d")\r\nother ::= "c"\n',
    'both-ends': 'root ::= "" | "a" root "a" | "b" root "b"',
    'tail': 'root ::= item ("," root)?\nitem ::= [a-z]+',
    'ambiguous': 'root ::= s\ns ::= "a" s s | "a" s "b" | "b"',
    'empties': 'root ::= x y x\nx ::= y? ""\ny ::= (x1)* "a"?\nx1 ::= "b" | "c"',
    'left': 'root ::= x\nx ::= y? z\nz ::= x "a" | "b"\ny ::= "y"',
    'endless': 'root ::= "a" root',
    'unknown': 'root ::= "b"\n a ::= c',
    'large': 'root ::= (("a"{1000}){1000}){1000}',
    'deep': 'root ::= ' + '(' * 40 + '"a"' + ')*' * 8,
    'empty-class': 'root ::= ([] | "a") [^\\x00-\\U0010FFFF]?',
    'broken': 'root ::= "\xfe',
    'nul': 'root ::= "\0" [\0-\1]',
    # Each of so many characters may be missing: as many states at once.
    'many-states': 'root ::= (.? "b"?){4000}',
    # The same, by calls that each have a way back of their own.
    'many-ways': 'root ::= (x? y?){2000}\nx ::= "a" y "a"?\ny ::= "a" "b"? x?',
    # More than can be followed of what reads nothing.
    'many-empties': 'root ::= (x? y?){6646}\nx ::= "a" y "a"?\ny ::= "a" "b"? x?',
    # Nothing to build, again and again.
    'nothing': 'root ::= (' + '|'.join(['[]'] * 60) + '){500000} "a"?',
    'many-rules': 'root ::= ' + '|'.join(f'r{i}' for i in range(60)) + '\n'
                  + '\n'.join(f'r{i} ::= "a" r{(i * 7 + 1) % 60}? r{(i * 11 + 5) % 60}? "b"' for i in range(60)),
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, grammar in GRAMMARS.items():
        with open(os.path.join(sys.argv[1], name), 'wb') as file:
            file.write(grammar.encode('latin-1' if name == 'broken' else 'utf-8') + b'\xff' + DRAWN)


main()
