"""The report's tables as LaTeX, for papers: booktabs, nothing else."""

from backend.analysis.report.view import View

ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def to_latex(shown: View) -> str:
    """A table that ``\\input`` takes; it needs ``\\usepackage{booktabs}``."""
    columns = "l" * shown.names + "r" * (len(shown.header) - shown.names)
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        f"\\caption{{{escaped(shown.title)}. {escaped(shown.note)}}}".replace(". }", ".}"),
        f"\\label{{tab:{shown.name.replace('_', '-')}}}",
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        _row(shown.header),
        "\\midrule",
        *(_row(row) for row in shown.rows),
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """A text without any character that LaTeX would take for its own.

    Examples
    --------
    >>> escaped("95 % CI of ED_1")
    '95 \\\\% CI of ED\\\\_1'
    """
    return "".join(ESCAPES.get(character, character) for character in " ".join(text.split()))


def _row(cells: tuple[str, ...]) -> str:
    return " & ".join(_cell(cell) for cell in cells) + r" \\"


def _cell(text: str) -> str:
    """A minus sign where a number is negative, an en dash between limits and where nothing is."""
    shown = escaped(text)
    if text == "-":
        return "--"
    if text[:1] == "-" and text[1:2].isdigit():
        shown = "$-$" + shown[1:]
    return shown.replace(" to -", " to $-$")
