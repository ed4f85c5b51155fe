"""The calculator against Python's fractions and decimals, and against values worked out by hand."""
import decimal
import math
import random
import subprocess
import sys
from fractions import Fraction

PROGRAM = sys.argv[1]

# By hand, or with a table
TABLE = [
    ("0.1 + 0.2", "0.3"), ("2 + 3 × 4", "14"), ("(2 + 3)·4", "20"), ("10 ÷ 4 − 1", "1.5"), ("-2^2", "-4"), ("2^3^2", "512"),
    ("2**10", "1024"), ("2^-2", "0.25"), ("7 % 3", "1"), ("-7 mod 3", "2"), ("7.5 mod 2", "1.5"), ("50%", "0.5"),
    ("15% of 80", "12"), ("200 + 10%", "220"), ("200 - 10%", "180"), ("10% + 5%", "0.15"), ("200 * 10%", "20"),
    ("2(3 + 4)", "14"), ("(1 + 2)(3 + 4)", "21"), ("5!", "120"), ("0!", "1"), ("3!!", "720"), ("3²+4²", "25"), ("2³", "8"),
    ("sqrt(16)", "4"), ("√9", "3"), ("sqrt(2)^2", "2"), ("sqrt(2)", "1.4142135623731 (rounded)"), ("9^0.5", "3"),
    ("cbrt(-27)", "-3"), ("1/3", "0.333333333333333 (rounded)"), ("1/3 * 3", "1"), ("2/3", "0.666666666666667 (rounded)"),
    ("round(2.5)", "3"), ("round(-2.5)", "-3"), ("round(2/3, 2)", "0.67"), ("round(1234, -2)", "1200"), ("floor(-1.5)", "-2"),
    ("ceil(1.2)", "2"), ("trunc(-1.9)", "-1"), ("abs(-3)", "3"), ("sign(-3)", "-1"), ("max(1, 3, 2)", "3"), ("min(1; 3; 2)", "1"),
    ("mean(1, 2, 6)", "3"), ("sum(0.1, 0.1, 0.1)", "0.3"), ("gcd(12, 18)", "6"), ("lcm(4, 6)", "12"), ("log(1000)", "3"),
    ("log10(0.01)", "-2"), ("log2(1024)", "10"), ("log(81, 3)", "4"), ("ln(e)", "1"), ("exp(0)", "1"), ("sin(30°)", "0.5"),
    ("sin(pi)", "0"), ("cos(π)", "-1"), ("tan(45°)", "1"), ("pi", "3.14159265358979 (rounded)"), ("2π", "6.28318530717959 (rounded)"),
    ("e", "2.71828182845905 (rounded)"), ("math.sqrt(4)", "2"), ("Math.Max(1, 2)", "2"), ("1e3", "1000"), ("1.5E-3", "0.0015"),
    (".5 + 5.", "5.5"), ("1e-40", "1e-40"), ("-1e-40", "-1e-40"), ("1/7e20", "1.42857142857143e-21 (rounded)"),
    ("1/7e300", "1.42857142857143e-301 (rounded)"), ("1e-600", "1e-600"), ("-1e-1220/3", "-3.33333333333333e-1221 (rounded)"),
    ("1e25/7", "1.42857142857143e24 (rounded)"), ("1e20/7", "14285714285714300000 (rounded)"),
    ("0^0", "1"), ("--2", "2"), ("+3", "3"), ("2 + 2 =", "4"), ("0.1^30", "0.000000000000000000000000000001"),
    ("-0", "0"), ("-0.0 * 5", "0"), ("1 - 1", "0"), ("100!/98!", "9900"), ("2^0.5^2", "1.18920711500272 (rounded)"),
    ("6.02e23 * 2", "1204000000000000000000000"), ("pow(2, 8)", "256"), ("mod(-1, 5)", "4"),
]

WRONG = [
    ("", "missing"), ("2 +", "missing at the end"), ("* 2", "expected at “*”"), ("2 2", "operator"), ("(2", "closing bracket is missing"),
    ("2)", "closing bracket too many"), ("1,000", "Write numbers without commas"), ("max(1,000)", "without commas"),
    ("1.2.3", "two decimal points"), ("1/0", "Division by zero"), ("0^-1", "Division by zero"), ("5 mod 0", "Division by zero"),
    ("sqrt(-1)", "no such real number"), ("(-8)^0.3", "no such real number"), ("asin(2)", "no such real number"),
    ("ln(0)", "no such real number"), ("log(5, 1)", "no such real number"), ("tan(90°)", "no such real number"),
    ("foo(2)", "“foo” is not known"), ("x", "“x” is not known"), ("sin 2", "brackets"), ("sin()", "takes 1 argument, and not 0"),
    ("pow(1)", "takes 2 arguments, and not 1"), ("2.5!", "whole number"), ("(-1)!", "whole number"), ("501!", "whole number"),
    ("gcd(1.5, 2)", "whole numbers"), ("10^2000", "too large"), ("9e9999 * 9e9999", "too large"), ("2 = 2", "equations"),
    ("1 < 2", "equations"), ("1 & 2", "not known, at “&”"), ("5 // 2", "expected at “/”"), (".", "point without digits"),
    ("(" * 200 + "1" + ")" * 200, "too deep"), ("-" * 900 + "1", "too deep"), ("1+" * 600 + "1", "longer than 1000"),
    ("max(" + "1," * 20 + "1)", "more than 16"), ("10 euros", "“euros” is not known"), ("2 \u00d7", "missing at the end"),
    ("round(2, 0.5)", "number of decimals"), ("\u20ac5", "expected at “€”"),
]


def ask(lines):
    result = subprocess.run([PROGRAM], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60, check=True)
    answers = result.stdout.splitlines()
    assert len(answers) == len(lines), f"{len(answers)} answers to {len(lines)} questions"
    return answers


def digits_of(value, n):
    """The first n digits of a fraction, halves away from zero, as a decimal."""
    with decimal.localcontext() as context:
        context.prec = n
        context.rounding = decimal.ROUND_HALF_UP
        return decimal.Decimal(value.numerator) / decimal.Decimal(value.denominator)


def is_short(value):
    rest, n = value.denominator, {2: 0, 5: 0}
    for prime in n:
        while rest % prime == 0:
            rest //= prime
            n[prime] += 1
    return rest == 1 and max(n.values()) <= 30


def check_value(expression, answer, value):
    """In full where it is short, else to 15 digits."""
    number, _, rounded = answer.partition(" ")
    if is_short(value):
        assert Fraction(number) == value and not rounded, f"{expression} is {value}, and not {answer}"
        return
    # Rounding an already rounded quotient again would be another number.
    assert Fraction(number) == Fraction(digits_of(value, 15)), f"{expression} is {digits_of(value, 20)}, and not {answer}"
    assert rounded == "(rounded)" or Fraction(number) == value, f"{expression} is not all of it: {answer}"


class Random:
    """An expression and its value, by Python's own arithmetic."""

    def __init__(self, seed):
        self.chooser = random.Random(seed)

    def number(self):
        kind = self.chooser.randrange(4)
        if kind == 0:
            value = Fraction(self.chooser.randrange(10))
        elif kind == 1:
            value = Fraction(self.chooser.getrandbits(self.chooser.choice((16, 31, 32, 33, 63, 64, 65, 96, 300))))
        else:
            places = self.chooser.randrange(1, 8)
            value = Fraction(self.chooser.randrange(10 ** (places + 3)), 10 ** places)
            whole, rest = divmod(value.numerator * (10 ** places // value.denominator), 10 ** places)
            return f"{whole}.{rest:0{places}}", value
        return str(value), value

    def expression(self, depth):
        if depth == 0:
            return self.number()
        left, a = self.expression(depth - 1 if self.chooser.random() < 0.8 else 0)
        right, b = self.expression(self.chooser.randrange(depth))
        kind = self.chooser.randrange(6)
        if kind == 0 or (kind == 1 and b == 0):
            return f"({left} + {right})", a + b
        if kind == 1:
            return f"({left} / {right})", a / b
        if kind == 2:
            return f"({left} × -{right})", a * -b
        if kind == 3:
            return f"({left} - {right})", a - b
        if kind == 4 and b != 0:
            return f"({left} mod ({right}))", a % b
        n = self.chooser.randrange(4)
        return f"(({left})^{n})", a ** n


def main():
    print("1..5")
    answers = ask([expression for expression, _ in TABLE])
    for (expression, expected), answer in zip(TABLE, answers):
        assert answer == expected, f"{expression} is {expected}, and not {answer}"
    print("ok 1 - by hand")

    answers = ask([expression for expression, _ in WRONG])
    for (expression, expected), answer in zip(WRONG, answers):
        assert answer.startswith("! ") and expected in answer, f"{expression[:60]}: {answer}"
    print("ok 2 - what is wrong is said")

    source = Random(20261123)
    cases = []
    while len(cases) < 4000:
        expression, value = source.expression(source.chooser.randrange(1, 6))
        if len(expression) < 900 and max(abs(value.numerator), value.denominator).bit_length() < 1000:
            cases.append((expression, value))
    for (expression, value), answer in zip(cases, ask([expression for expression, _ in cases])):
        check_value(expression, answer, value)
    print("ok 3 - fractions")

    # Division is where whole numbers of many limbs go wrong: quotients of all ones and zeros, and divisors next to powers of two.
    chooser = random.Random(7)
    pairs = []
    for _ in range(1500):
        divisor = (1 << chooser.randrange(1, 900)) + chooser.choice((-1, 0, 1)) * chooser.getrandbits(chooser.choice((0, 1, 31, 64)))
        quotient = (1 << chooser.randrange(1, 900)) - chooser.choice((0, 1)) * chooser.getrandbits(chooser.choice((1, 32, 70)))
        if divisor > 0 and quotient > 0:
            pairs.append((divisor * quotient + chooser.choice((-1, 0, 1, divisor - 1)), divisor))
    lines = [f"floor(({a})/({b}))" for a, b in pairs] + [f"({a}) mod ({b})" for a, b in pairs]
    answers = ask(lines)
    for i, (a, b) in enumerate(pairs):
        assert answers[i] == str(a // b), f"{a} // {b} is {a // b}, and not {answers[i]}"
        assert answers[len(pairs) + i] == str(a % b), f"{a} % {b} is {a % b}, and not {answers[len(pairs) + i]}"
    squares = [chooser.getrandbits(chooser.randrange(1, 1500)) for _ in range(300)]
    for n, answer in zip(squares, ask([f"sqrt({n * n})" if len(str(n * n)) < 980 else "sqrt(1)" for n in squares])):
        assert answer == (str(n) if len(str(n * n)) < 980 else "1"), f"the root of the square of {n} is not {answer}"
    for n, answer in zip(range(0, 501, 20), ask([f"factorial({n})" for n in range(0, 501, 20)])):
        assert answer == str(math.factorial(n)), f"{n}! is not {answer}"
    print("ok 4 - large whole numbers")

    functions = {"sin": math.sin, "cos": math.cos, "atan": math.atan, "exp": math.exp, "ln": lambda x: math.log(abs(x) + 1),
                 "sqrt": lambda x: math.sqrt(abs(x)), "tanh": math.tanh}
    wanted = []
    for name, function in functions.items():
        for _ in range(60):
            x = round(chooser.uniform(-20, 20), 6)
            argument = f"abs({x}) + 1" if name == "ln" else f"abs({x})" if name == "sqrt" else f"{x}"
            wanted.append((f"{name}({argument})", function(x)))
    for (expression, value), answer in zip(wanted, ask([expression for expression, _ in wanted])):
        assert math.isclose(float(answer.partition(" ")[0]), value, rel_tol=2e-14, abs_tol=1e-15), f"{expression} is {value}, and not {answer}"
    print("ok 5 - functions")


main()
