"""Holds kernels to a table of bounds: a Python file with RULES and LOCAL_MEMORY (tests/project/kernel_bounds.py)."""

import re
import runpy

from sass import COLUMNS

_NAMES = {name for name, _, _ in COLUMNS}


class BadBounds(Exception):
    """A file of bounds that cannot be read as one."""


def read(path):
    try:
        found = runpy.run_path(path)
    except (OSError, SyntaxError) as error:
        raise BadBounds("%s: %s" % (path, error)) from error
    for name in ("RULES", "LOCAL_MEMORY"):
        if name not in found:
            raise BadBounds("%s: it defines no %s" % (path, name))
    for rule in found["RULES"]:
        wrong = set(rule) - {"kernels", "but", "on", "least", "most", "why"}
        wrong |= (set(rule.get("least", {})) | set(rule.get("most", {}))) - _NAMES
        if wrong or not {"kernels", "why"} <= set(rule) or not {"least", "most"} & set(rule):
            raise BadBounds("%s: a rule has kernels, why, and least or most of %s; this one is %r" % (path, ", ".join(sorted(_NAMES)), rule))
    return found


def _governs(rule, row):
    return (re.search(rule["kernels"], row["name"]) and not ("but" in rule and re.search(rule["but"], row["name"]))
            and row["architecture"] in rule.get("on", [row["architecture"]]))


def _broken_rule(rule, row):
    for column, bound in rule.get("least", {}).items():
        if row[column] < bound:
            yield "%s is %d, at least %d: %s" % (column, row[column], bound, rule["why"])
    for column, bound in rule.get("most", {}).items():
        if row[column] > bound:
            yield "%s is %d, at most %d: %s" % (column, row[column], bound, rule["why"])


def _allowed_stack(exceptions, row):
    for pattern, bytes_of, _ in exceptions:
        if re.search(pattern, row["name"]):
            return bytes_of.get(row["architecture"], 0)
    return 0


def broken(table, rows):
    """Complaints, one a line: bounds that kernels break, and rules that govern no kernel any more."""
    complaints = []
    for rule in table["RULES"]:
        governed = [row for row in rows if _governs(rule, row)]
        if not governed and {row["architecture"] for row in rows} & set(rule.get("on", ["sm_90"])):
            complaints.append("no kernel is called %s: %s" % (rule["kernels"], rule["why"]))
        for row in governed:
            complaints += ["%s, %s: %s" % (row["name"], row["architecture"], words) for words in _broken_rule(rule, row)]
    for row in rows:
        allowed = _allowed_stack(table["LOCAL_MEMORY"], row)
        if row["stack"] > allowed or (row["stl"] + row["ldl"] and not allowed):
            complaints.append("%s, %s: %d bytes of local memory (%d stores, %d loads), %s" %
                              (row["name"], row["architecture"], row["stack"], row["stl"], row["ldl"], "%d are known" % allowed if allowed else "none is known"))
    return complaints


def needless(table, rows):
    """Exceptions that no kernel of these architectures needs any more."""
    lines = []
    for pattern, bytes_of, _ in table["LOCAL_MEMORY"]:
        for architecture, allowed in bytes_of.items():
            known = [row for row in rows if row["architecture"] == architecture]
            most = max((row["stack"] for row in known if re.search(pattern, row["name"])), default=0)
            if known and most < allowed:
                lines.append("%s, %s: %d bytes of local memory are allowed, %d are used" % (pattern, architecture, allowed, most))
    return lines
