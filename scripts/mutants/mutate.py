"""Small faults in C, made by rule: where they can be made in a file, and the text with one of them.

An operator stands for a class of slips: see OPERATORS. They are made inside of function bodies, never in what is
no behaviour: comments, strings, the preprocessor, assertions, prefetches and the compiler's hints.

A fault's id is a hash of its file, its line's text and what is done there, not of its line's number: so it stays
when something else in the file changes. Which are chosen is decided by hashes of a seed and the id.
"""
import hashlib
import re

OPERATORS = {
    "negate": "a condition is negated",
    "bound": "< becomes <=, > becomes >=, and the reverse",
    "equal": "== becomes !=, and the reverse",
    "logic": "&& becomes ||, and the reverse",
    "sign": "+ becomes -, += becomes -=, ++ becomes --, and the reverse",
    "constant": "a number is one more, or one less",
    "remove": "a statement is removed",
    "swap": "the last two arguments of a call are swapped",
}

TOKEN = re.compile(
    r"""(?P<skip>/\*.*?\*/|//[^\n]*|^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*|[ \t\n]+)
      |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      |(?P<word>[A-Za-z_]\w*)
      |(?P<number>\d[\w.]*)
      |(?P<mark><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""",
    re.X | re.S | re.M)

PAIRS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
         "+": "-", "-": "+", "+=": "-=", "-=": "+=", "++": "--", "--": "++"}
CLASS = {"<": "bound", "<=": "bound", ">": "bound", ">=": "bound", "==": "equal", "!=": "equal",
         "&&": "logic", "||": "logic"}
NO_BEHAVIOUR = re.compile(r"ASSERT\w*|_?_?[Ss]tatic_assert|__builtin_prefetch|__attribute__|sizeof|offsetof")
NO_STATEMENT = {"const", "static", "struct", "enum", "union", "int", "bool", "char", "void", "double", "unsigned",
                "return", "break", "continue", "goto", "case", "default", "if", "for", "while", "switch", "do",
                "else", "typedef", "extern", "inline", "__extension__", "size_t", "wide", "long", "float"}


class Token:
    def __init__(self, kind, text, start):
        self.kind, self.text, self.start, self.end = kind, text, start, start + len(text)
        self.depth = 0        # of braces around it
        self.behaves = False  # in a function's body, and not what NO_BEHAVIOUR says
        self.partner = None   # index of the parenthesis that belongs to it


def tokens_of(source):
    tokens = [Token(m.lastgroup, m.group(), m.start()) for m in TOKEN.finditer(source)
              if m.lastgroup != "skip"]
    open_marks, body, depth = [], 0, 0
    for i, token in enumerate(tokens):
        if token.text in ("(", "[", "{"):
            open_marks.append(i)
        elif token.text in (")", "]", "}") and open_marks:
            token.partner = open_marks.pop()
            tokens[token.partner].partner = i
        if token.text == "{":
            depth += 1
            if depth == 1:
                body = i > 0 and tokens[i - 1].text == ")"
        elif token.text == "}":
            depth -= 1
        token.depth, token.behaves = depth, bool(body and depth > 0)
    for found in re.finditer(r"^.*\bMUTANT\(.*$", source, re.M):  # a line with a fault that can be switched on
        for token in tokens:
            if found.start() <= token.start < found.end():
                token.behaves = False
    for i, token in enumerate(tokens):
        if token.kind == "word" and NO_BEHAVIOUR.fullmatch(token.text) and i + 1 < len(tokens):
            last = tokens[i + 1].partner if tokens[i + 1].text == "(" else None
            for j in range(i, (last or i) + 1):
                tokens[j].behaves = False
        if token.text == "__builtin_expect":  # its last argument, and not the first
            last = tokens[i + 1].partner
            for j in range(i, i + 2):
                tokens[j].behaves = False
            for j in range(last - 2, last + 1):
                tokens[j].behaves = False
    return tokens


def arguments_of(tokens, opening):
    """Pairs of the first and last token of each argument."""
    closing, depth, first, found = tokens[opening].partner, 0, opening + 1, []
    for i in range(opening + 1, closing + 1):
        text = tokens[i].text
        if depth == 0 and (text == "," or i == closing):
            if first <= i - 1:
                found.append((first, i - 1))
            first = i + 1
        depth += (text in "([{") - (text in ")]}")
    return found


def statement_end(tokens, first):
    depth = 0
    for i in range(first, len(tokens)):
        text = tokens[i].text
        if depth == 0 and text == ";":
            return i
        if text in ("{", "}"):
            return None
        depth += (text in "([") - (text in ")]")
    return None


def begins_statement(tokens, i):
    before = tokens[i - 1]
    if before.text in ("{", "}", ";", "else"):
        return not in_parentheses(tokens, i)
    if before.text == ")" and before.partner is not None and before.partner > 0:
        return tokens[before.partner - 1].text in ("if", "for", "while")
    return False


def in_parentheses(tokens, i):
    depth = 0
    for j in range(i - 1, -1, -1):
        text = tokens[j].text
        if text in (")",):
            depth += 1
        elif text == "(":
            if depth == 0:
                return True
            depth -= 1
        elif text in ("{", "}"):
            return False
    return False


def edits_of(source):
    """(operator, start, end, new text), in the order of the file."""
    tokens = tokens_of(source)
    for i, token in enumerate(tokens):
        if not token.behaves:
            continue
        after = tokens[i + 1] if i + 1 < len(tokens) else token
        before = tokens[i - 1]
        if token.text in ("if", "while") and after.text == "(" and after.partner:
            inside = source[after.end:tokens[after.partner].start]
            yield "negate", after.end, tokens[after.partner].start, "!(" + inside + ")"
        if token.text in CLASS:
            yield CLASS[token.text], token.start, token.end, PAIRS[token.text]
        elif token.text in ("+", "-", "+=", "-=", "++", "--"):
            if token.text in ("+", "-") and not (before.kind in ("word", "number") or before.text in (")", "]")):
                continue
            if before.text in ("return", "case"):
                continue
            yield "sign", token.start, token.end, PAIRS[token.text]
        if token.kind == "number" and re.fullmatch(r"\d+u?", token.text) and before.text != "[":
            value, unsigned = int(token.text.rstrip("u")), token.text.endswith("u")
            for new in (value + 1, value - 1):
                if new >= 0:
                    yield "constant", token.start, token.end, str(new) + ("u" if unsigned else "")
        starts = token.text in ("*", "++", "--") or (
            token.kind == "word" and token.text not in NO_STATEMENT and not token.text.endswith("_t")
            and after.text in ("(", ".", "->", "[", "=", "+=", "-=", "++", "--", "*=", "/=", "|=", "&=", "^="))
        if starts and begins_statement(tokens, i):
            end = statement_end(tokens, i)
            if end is not None:
                yield "remove", token.start, tokens[end].start, ""
        if token.kind == "word" and after.text == "(" and after.partner and token.text not in ("if", "while", "for"):
            arguments = arguments_of(tokens, i + 1)
            if len(arguments) >= 2 and token.text != "switch":
                (a, b), (c, d) = arguments[-2:]
                first = source[tokens[a].start:tokens[b].end]
                second = source[tokens[c].start:tokens[d].end]
                between = source[tokens[b].end:tokens[c].start]
                if first != second:
                    yield "swap", tokens[a].start, tokens[d].end, second + between + first


class Mutant:
    def __init__(self, path, source, operator, start, end, new, twins):
        self.path, self.operator, self.start, self.end, self.new = path, operator, start, end, new
        self.line = source.count("\n", 0, start) + 1
        left = source.rfind("\n", 0, start) + 1
        right = source.find("\n", end)
        self.before = " ".join(source[left:right].split())
        self.after = " ".join((source[left:start] + new + source[end:right]).split())
        what = "|".join((path, operator, self.before, self.after))
        number = twins.get(what, 0)  # the same on a line of the same words
        twins[what] = number + 1
        self.id = hashlib.sha256((what + "|%d" % number).encode()).hexdigest()[:10]

    def rank(self, seed):
        return hashlib.sha256(("%s|%s" % (seed, self.id)).encode()).hexdigest()

    def text(self, source):
        """With as many lines as before, so that nothing else changes: assertions know their lines."""
        lost = source.count("\n", self.start, self.end) - self.new.count("\n")
        return source[:self.start] + self.new + "\n" * lost + source[self.end:]


def mutants_of(path, source):
    twins = {}
    return [Mutant(path, source, *edit, twins) for edit in edits_of(source)]


def order(mutants, seed):
    """All of them, in the order in which they are taken: of each operator in turn, by rank."""
    by_operator = {name: [] for name in OPERATORS}
    for mutant in mutants:
        by_operator[mutant.operator].append(mutant)
    for name in OPERATORS:
        by_operator[name].sort(key=lambda mutant: mutant.rank(seed), reverse=True)
    taken = []
    while any(by_operator.values()):
        for name in OPERATORS:
            if by_operator[name]:
                taken.append(by_operator[name].pop())
    return taken
