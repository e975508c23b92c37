"""What cuobjdump says of an object: each kernel's resources, and counts of the instructions that decide about its speed."""

import re

# Column, its head on a terminal (none: it is not in the table there), and what it is.
COLUMNS = [
    ("registers", "regs", "registers of a thread"),
    ("stack", "stack", "bytes of local memory"),
    ("shared", "shared", "bytes of static shared memory, with those that sm_90 reserves; the kernels' own is dynamic"),
    ("stl", "STL", "stores to local memory"),
    ("ldl", "LDL", "loads from local memory"),
    ("stg128", "ST128", "stores of 128 bits to global memory"),
    ("stg32", "ST32", "stores of 32 bits to global memory"),
    ("ldg128", "LD128", "loads of 128 bits from global memory"),
    ("hmma", "HMMA", "products of tensor cores"),
    ("ldsm", "LDSM", "loads of their operands from shared memory"),
    ("together", "", "most loads of 128 bits in a row, with no store to global memory among them"),
    ("early", "", "copies to shared memory before the last wait for the previous grid"),
    ("copies", "", "copies to shared memory"),
    ("instructions", "instr", "instructions, without padding"),
]

_ARCHITECTURE = re.compile(r"^arch = (sm_\w+)$|^\s*code for (sm_\w+)$")
_RESOURCES_OF = re.compile(r"^ Function (\S+):$")
_RESOURCES = re.compile(r"^  REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)")
_CODE_OF = re.compile(r"^\s*Function : (\S+)$")
_INSTRUCTION = re.compile(r"^\s+/\*[0-9a-f]{4,}\*/\s+\{?\s*(?:@!?U?P[0-9T]+\s+)?([A-Z][A-Z0-9_.]*)")


class _Code:
    """A kernel's counts while its instructions pass."""

    def __init__(self, kernel):
        self.kernel, self.loads = kernel, 0

    def add(self, instruction):
        _count(self.kernel, instruction)
        operation = instruction.split(".")[0]
        if operation == "STG":
            self.loads = 0
        elif operation == "LDG" and "128" in instruction.split("."):
            self.loads += 1
            self.kernel["together"] = max(self.kernel["together"], self.loads)
        elif operation == "LDGSTS":
            self.kernel["copies"] += 1
        elif operation == "ACQBULK":
            self.kernel["early"] = self.kernel["copies"]


def _count(kernel, instruction):
    parts = instruction.split(".")
    kernel["instructions"] += parts[0] != "NOP"
    if parts[0] in ("STL", "LDL", "HMMA", "LDSM"):
        kernel[parts[0].lower()] += 1
    elif parts[0] in ("STG", "LDG"):
        bits = 128 if "128" in parts else 64 if "64" in parts else 8 if {"U8", "S8", "U16", "S16"} & set(parts) else 32
        name = parts[0].lower() + str(bits)
        if name in kernel:
            kernel[name] += 1


def kernels(text):
    """{(architecture, symbol): {column: count}} from the output of `cuobjdump -sass --dump-resource-usage`."""
    found, architecture, symbol, code = {}, "", None, None
    for line in text.splitlines():
        if match := _INSTRUCTION.match(line):
            if code:
                code.add(match.group(1))
        elif match := _ARCHITECTURE.match(line):
            architecture, code = match.group(1) or match.group(2), None
        elif match := _RESOURCES_OF.match(line):
            symbol = match.group(1)
        elif match := _RESOURCES.match(line):
            registers, stack, shared, local = map(int, match.groups())
            kernel = _kernel(found, architecture, symbol)
            kernel.update(registers=registers, stack=max(stack, local), shared=shared)
        elif match := _CODE_OF.match(line):
            code = _Code(_kernel(found, architecture, match.group(1)))
    return found


def _kernel(found, architecture, symbol):
    return found.setdefault((architecture, symbol), {column: 0 for column, _, _ in COLUMNS})
