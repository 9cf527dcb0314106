"""One slip of the pen at a time in the code of a rule: every change that takes a condition out of it, or turns it round.

The files are never touched: a source is read, changed as a syntax tree, and handed back as one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Put = Callable[[ast.AST], None]


@dataclass(frozen=True)
class Slip:
    """One change. ``name`` says where and how: it holds no line number, so that it outlives other edits."""

    name: str
    tree: ast.Module
    put: Put
    other: ast.AST

    def made(self) -> ast.Module:
        """The tree with the change in it. The tree is the same for all slips of a source: make one of them, once."""
        self.put(self.other)
        return ast.fix_missing_locations(self.tree)


_WEAKER: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OTHER_WAY: dict[type[ast.operator], type[ast.operator]] = {ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}
_CALLS = {"any": "all", "all": "any", "max": "min", "min": "max", "difference": "intersection"}


def slips(source: str, only: str = "") -> list[Slip]:
    """Every slip in a module, or in one of its functions (by its dotted name)."""
    tree = ast.parse(source)
    found: list[Slip] = []
    same: dict[str, int] = {}
    for place, node, asks, put in _nodes(tree, ""):
        if only and place != only:
            continue
        before = _short(ast.unparse(node))
        for what, other in _changes(node, asks):
            name = f"{place or 'module'}: {before} → {what or _short(ast.unparse(other))}"
            same[name] = same.get(name, 0) + 1
            name += f" #{same[name]}" if same[name] > 1 else ""
            found.append(Slip(name, tree, put, other))
    return found


def _short(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= 90 else line[:89] + "…"


def _changes(node: ast.AST, asks: bool) -> Iterator[tuple[str, ast.AST]]:
    """What could stand in a node's place: with what to call it, where its own code does not say it.

    ``asks``: the node is a condition, on which something depends.
    """
    if asks:
        yield "always", ast.Constant(True)
        yield "never", ast.Constant(False)
    match node:
        case ast.BoolOp(op=op, values=values):
            for at in range(len(values)):
                rest = values[:at] + values[at + 1 :]
                other = rest[0] if len(rest) == 1 else ast.BoolOp(op=op, values=rest)
                yield f"without {_short(ast.unparse(values[at]))}", other
        case ast.Compare(left=left, ops=[op], comparators=right):
            for weaker in _WEAKER[type(op)]:
                yield "", ast.Compare(left=left, ops=[weaker()], comparators=right)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "", operand
        case ast.BinOp(left=left, op=ast.Sub()):
            yield "", left
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OTHER_WAY:
            yield "", ast.BinOp(left=left, op=_OTHER_WAY[type(op)](), right=right)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in _CALLS:
            yield "", ast.Call(func=ast.Name(id=_CALLS[name], ctx=ast.Load()), args=args, keywords=keywords)
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=args) if name in _CALLS:
            yield (
                "",
                ast.Call(func=ast.Attribute(value=value, attr=_CALLS[name], ctx=ast.Load()), args=args, keywords=[]),
            )
        case ast.Constant(value=bool(value)):
            yield "", ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield "", ast.Constant(value + 1)
        case ast.Constant(value=str(value)):
            yield "", ast.Constant(value + "'")
        case ast.Return(value=ast.Call(func=ast.Name(id="Withheld"))) | ast.Continue() | ast.Raise():
            yield "nothing", ast.Pass()
        case ast.Return(value=ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not())):
            for verdict in (True, False):
                yield "", ast.Return(ast.Constant(verdict))
        case ast.MatchOr(patterns=patterns):
            for at in range(len(patterns)):
                rest_of = patterns[:at] + patterns[at + 1 :]
                yield "", rest_of[0] if len(rest_of) == 1 else ast.MatchOr(patterns=rest_of)
        case _:
            pass


def _conditions(node: ast.AST) -> Iterator[ast.expr]:
    """On what a node depends."""
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield test
        case ast.comprehension(ifs=tests):
            yield from tests
        case ast.match_case(guard=guard) if guard is not None:
            yield guard
        case _:
            pass


def _nodes(node: ast.AST, place: str) -> Iterator[tuple[str, ast.AST, bool, Put]]:
    """Every node that may be changed: the dotted name of where it stands, whether it is a condition, how to replace it."""
    conditions = {id(test) for test in _conditions(node)}
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "cls", "bases"):
            continue
        for at, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.AST) and not _decides_nothing(node, child):
                inner = place
                if isinstance(child, ast.FunctionDef | ast.ClassDef):
                    inner = f"{place}.{child.name}" if place else child.name
                yield (
                    inner,
                    child,
                    id(child) in conditions,
                    _putting(node, name, at if isinstance(value, list) else None),
                )
                yield from _nodes(child, inner)


def _decides_nothing(node: ast.AST, child: ast.AST) -> bool:
    """Docstrings, imports, assertions; and of what stands in a module outside functions all but what is made there."""
    match child:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Assert():
            return True
        case ast.Assign(value=value):
            return isinstance(node, ast.Module) and not isinstance(value, ast.Call)
        case ast.AnnAssign():
            return isinstance(node, ast.Module)
        case _:
            return False


def _putting(node: ast.AST, name: str, at: int | None) -> Put:
    def put(other: ast.AST) -> None:
        if at is None:
            setattr(node, name, other)
        else:
            getattr(node, name)[at] = other

    return put
