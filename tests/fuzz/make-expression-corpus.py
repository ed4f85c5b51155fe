#!/usr/bin/env python3
"""Makes the corpus of fuzz-expression: sums as models write them, and some that nobody would.

Usage: make-expression-corpus.py FOLDER
"""
import pathlib
import sys

INPUTS = {
    "sum": "0.1 + 0.2 - 3 × 4 ÷ 5",
    "powers": "-2^2 + 2**10 + 3² + 2^3^2 + 10^-5",
    "percent": "200 + 10% - 5% of 80 + 17 % 5 + -7 mod 3",
    "functions": "round(sqrt(2), 3) + max(1, 2; 3) + log(81, 3) + ln(e) + gcd(12, 18) + lcm(4, 6)",
    "angles": "sin(30°) + cos(π) + tan(pi/4) + atan(1)",
    "factorials": "100!/98! + factorial(5) + 3!!",
    "implicit": "2(3 + 4)(5) + 2π + √9",
    "large": "9999999999999999999^60 / 7 + 2^4000",
    "small": "1/7e300 + 1e-40 - .5e-3",
    "deep": "(" * 60 + "1" + ")" * 60,
    "signs": "-" * 90 + "1",
    "wrong": "1,000 + foo(2) // 0 = x",
    "half": "max(1, (2 + ",
    "zero": "0^0 + 1/0 + 0! + sqrt(0) + mod(0, 5)",
    "names": "math.sqrt(4) + Math.Max(1, 2) + averageofall(1)",
    "blanks": " \t 1 +\n 2 \u2212 3 \u00b7 4 = ",
}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, text in INPUTS.items():
    (folder / name).write_text(text, encoding="utf-8")
