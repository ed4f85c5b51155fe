#!/usr/bin/env python3
"""Makes the corpus of fuzz-math: formulas as models write them, and some that nobody would.

Usage: make-math-corpus.py FOLDER
"""
import pathlib
import sys

INPUTS = {
    "roots": r"x_{1,2} = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}",
    "sum": r"\sum_{n=1}^{\infty} \frac{1}{n^2} = \frac{\pi^2}{6}",
    "integral": r"\int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi}",
    "cases": r"f(x) = \begin{cases} x^2 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
    "matrix": r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}^{-1} = \frac{1}{ad-bc} \begin{bmatrix} d & -b \\ -c & a \end{bmatrix}",
    "array": r"\begin{array}{c|cc} 1 & 2 & 3 \\ \hline 4 & 5 & 6 \end{array}",
    "fences": r"\left( \frac{\partial f}{\partial x} \middle| \Bigl\{ \left\lfloor \tfrac{1}{2} \right\rfloor \Bigr\} \right]",
    "accents": r"\hat{x} + \vec{v} + \overline{AB} + \underbrace{a + \cdots + z}_{26} + \widetilde{xyz}",
    "letters": r"\mathbb{R}^n \ni \mathbf{x}, \mathcal{L}, \mathfrak{g}, \operatorname{rank} A",
    "chemistry": r"\ce{2H2 + O2 -> 2H2O}",
    "arrows": r"A \xrightarrow[\text{under}]{\text{over}} B \overset{!}{=} C \not\in D",
    "primes": r"f''(x)' _2^3 \tag{1}",
    "open": r"\frac{\sqrt{\left(x",
    "nothing": r"{}^{}_{}\\\frac{}{}",
    "not-text": b"x^\xff\xe2\x88",
}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in INPUTS.items():
        (folder / name).write_bytes(source if isinstance(source, bytes) else source.encode())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
