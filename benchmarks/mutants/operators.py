"""The kinds of mutants: one operator, number, word or statement of a file is changed."""

import ast
from typing import NamedTuple

_OPPOSITE = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "ceil": "floor",
    "floor": "ceil",
    "popleft": "pop",
}
_COMPARED: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
_CALCULATED: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "*",
    ast.Pow: "*",
}
#: Whole numbers from here on are durations or sizes: one more or less changes nothing.
_LARGE = 1000
#: Smaller numbers are margins against rounding: a factor of two changes nothing.
_MARGIN = 1e-6


class Mutant(NamedTuple):
    """One mutant; `line` is for people, the other fields identify it wherever its line moves.

    Parameters
    ----------
    function : str
        The function or class it is in, as Python qualifies names; empty for the module.
    original, mutated : str
        The source text of the lines it changes, before and after, white space made single.
    nth : int
        Which of several that read the same in one function.
    line : int
        Where it starts.
    is_at_import : bool
        Whether it runs when the file is imported, so that any test may notice it.
    source : str
        The whole file with it.
    """

    function: str
    original: str
    mutated: str
    nth: int
    line: int
    is_at_import: bool
    source: str


def mutants_of(source: str) -> list[Mutant]:
    """Return all mutants of a file that can be compiled, in the order of its lines."""
    found: list[Mutant] = []
    n_alike: dict[tuple[str, str, str], int] = {}
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = source.encode()
    for fault in sorted(
        _Faults(source).found, key=lambda each: (each.node.lineno, each.node.col_offset, each.text)
    ):
        function, node, text, is_at_import = fault
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        first, last = starts[node.lineno - 1], starts[node.end_lineno or node.lineno]
        mutated = data[:start] + text.encode() + data[end:]
        try:
            compile(mutated, "mutant", "exec")
        except SyntaxError:
            continue
        before = " ".join(data[first:last].decode().split())
        after = " ".join((data[first:start] + text.encode() + data[end:last]).decode().split())
        if before == after:
            continue
        key = (function, before, after)
        n_alike[key] = n_alike.get(key, 0) + 1
        found.append(
            Mutant(
                function, before, after, n_alike[key], node.lineno, is_at_import, mutated.decode()
            )
        )
    return found


class _Fault(NamedTuple):
    function: str
    node: ast.expr | ast.stmt
    text: str
    is_at_import: bool


class _Faults(ast.NodeVisitor):
    """Visits a syntax tree and collects for each part the texts that replace it.

    Left alone: docstrings, annotations but for the bounds in `Meta`, imports, decorators,
    `__all__`, and texts for people: f-strings, strings with a space, what is raised.
    """

    def __init__(self, source: str) -> None:
        self.found: list[_Fault] = []
        self._within: list[str] = []
        self._n_functions = 0
        self.visit(ast.parse(source))

    def _add(self, node: ast.expr | ast.stmt, *texts: str) -> None:
        function, is_at_import = ".".join(self._within), not self._n_functions
        self.found += [_Fault(function, node, text, is_at_import) for text in texts]

    def _text(self, node: ast.AST) -> str:
        return f"({ast.unparse(node)})"

    # Parts of a file that are changed only in part, or not at all.

    def _visit_block(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if not isinstance(node, ast.ClassDef):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    self.visit(default)
            for argument in (*node.args.args, *node.args.kwonlyargs):
                self._visit_bounds(argument.annotation)
        self._within.append(node.name)
        self._n_functions += not isinstance(node, ast.ClassDef)
        for statement in node.body:
            self._visit_statement(statement, may_go=node.name != "__init__")
        self._n_functions -= not isinstance(node, ast.ClassDef)
        self._within.pop()

    visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _visit_block  # noqa: N815

    def visit_Import(self, node: ast.Import) -> None:
        """Leave imports unchanged: nothing runs without them."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Leave imports unchanged: nothing runs without them."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave texts for people unchanged."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Change the value, and the bounds in the annotation."""
        self._visit_bounds(node.annotation)
        if node.value is not None and ast.unparse(node.annotation) != "TypeAlias":
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Change the value; of a type alias only its bounds."""
        is_type = isinstance(node.value, ast.Subscript) and ast.unparse(node.value).startswith(
            ("Annotated[", "Literal[")
        )
        if is_type:
            self._visit_bounds(node.value)
        elif ast.unparse(node.targets[0]) != "__all__":
            self.visit(node.value)

    def _visit_bounds(self, annotation: ast.expr | None) -> None:
        for node in ast.walk(annotation) if annotation is not None else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Meta":
                for keyword in node.keywords:
                    if not (isinstance(keyword.value, ast.Constant) and keyword.arg == "pattern"):
                        self.visit(keyword.value)

    # Statements.

    def generic_visit(self, node: ast.AST) -> None:
        """Visit the statements of a body, each of which may also be left out."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self._visit_statement(child, may_go=True)
            else:
                self.visit(child)

    def _visit_statement(self, node: ast.stmt, *, may_go: bool) -> None:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_docstring:
            return
        if self._within and may_go and _can_go(node):
            self._add(node, "pass")
        if isinstance(node, ast.Raise):
            return
        if isinstance(node, ast.If | ast.While):
            self._negate(node.test)
        if isinstance(node, ast.AugAssign) and type(node.op) in _CALCULATED:
            target, value = ast.unparse(node.target), ast.unparse(node.value)
            self._add(node, f"{target} {_CALCULATED[type(node.op)]}= {value}")
        self.visit(node)

    # Expressions.

    def _negate(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            self._add(test, f"(not {ast.unparse(test)})")

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """Negate the condition."""
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """Negate the conditions."""
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Move the border of a comparison, or negate it."""
        for index, operator in enumerate(node.ops):
            for other in _COMPARED[type(operator)]:
                sides = [self._text(each) for each in (node.left, *node.comparators)]
                signs = [_sign(each) for each in node.ops]
                signs[index] = other
                rest = zip(signs, sides[1:], strict=True)
                self._add(node, self._bare(sides[0] + "".join(f" {a} {b}" for a, b in rest)))
        self.generic_visit(node)

    def _bare(self, text: str) -> str:
        return f"({ast.unparse(ast.parse(text, mode='eval'))})"

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Leave out each condition in turn."""
        word = " and " if isinstance(node.op, ast.And) else " or "
        for index in range(len(node.values)):
            kept = node.values[:index] + node.values[index + 1 :]
            self._add(node, self._bare(word.join(self._text(each) for each in kept)))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Leave out `not` and the sign."""
        if isinstance(node.op, ast.Not | ast.USub):
            self._add(node, self._text(node.operand))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Replace an arithmetic operator by its opposite."""
        sign = _CALCULATED.get(type(node.op))
        if sign is not None:
            text = f"{self._text(node.left)} {sign} {self._text(node.right)}"
            self._add(node, self._bare(text))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Replace a function by its opposite, as `min` by `max`."""
        name = node.func
        if isinstance(name, ast.Name) and name.id in _OPPOSITE:
            self._add(name, _OPPOSITE[name.id])
        elif isinstance(name, ast.Attribute) and name.attr in _OPPOSITE:
            self._add(name, f"{ast.unparse(name.value)}.{_OPPOSITE[name.attr]}")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Change a number, a truth value or a word."""
        value = node.value
        if isinstance(value, bool):
            self._add(node, str(not value))
        elif isinstance(value, int):
            is_large = abs(value) >= _LARGE
            others = (value * 2, value // 2) if is_large else (value + 1, value - 1)
            self._add(node, *map(str, others))
        elif isinstance(value, float) and not 0.0 < value < _MARGIN:
            self._add(node, *map(str, (value * 2.0, value / 2.0) if value else (1.0, -1.0)))
        elif isinstance(value, str) and not any(each.isspace() for each in value):
            self._add(node, repr(f"XX{value}"))


def _sign(operator: ast.cmpop) -> str:
    return ast.unparse(ast.Compare(ast.Name("a"), [operator], [ast.Name("b")]))[2:-2]


def _can_go(node: ast.stmt) -> bool:
    """Return whether a file still runs without this statement."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call | ast.Await)
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    if isinstance(node, ast.AnnAssign):
        return False
    return isinstance(node, ast.AugAssign | ast.Delete | ast.Raise | ast.Break | ast.Continue) or (
        isinstance(node, ast.Return) and node.value is None
    )
