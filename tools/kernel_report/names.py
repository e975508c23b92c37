"""Short names of kernels: "gemm bf16 64x64x32 dx BackwardInput" for a template's instance of 300 letters."""

import re
import shutil
import subprocess

_NAMESPACES = re.compile(r"(?:\(anonymous namespace\)|<unnamed>)::|\b(?:elbo|cuda|arch|math|ops)::")
_GEMM = re.compile(r"^gemm_kernel<TileOf<(?:Tensor<(\w+)>|Scalar), ?(\d+)>, \(Along\)(\d), \(Along\)(\d), (.*)>$")
_PRODUCTS = {("0", "0"): "y", ("0", "1"): "dx", ("1", "1"): "dw"}  # kernels/gemm.cuh
_TILES = re.compile(r"k(Tensor|Scalar)Tiles\[\] = \{(.*?)\n\};", re.DOTALL)


def demangled(symbols, tools):
    """{symbol: C++ name}, by the first of `tools` that is there; without one the symbols name themselves."""
    program = next(filter(None, map(shutil.which, tools)), None)
    if not program or not symbols:
        return {symbol: symbol for symbol in symbols}
    done = subprocess.run([program], input="\n".join(symbols), capture_output=True, text=True, check=True)
    return dict(zip(symbols, done.stdout.splitlines()))


def tiles(header):
    """{"Tensor": ["16x32x64", …], "Scalar": […]} from the text of src/ops/gemm_plan.h."""
    found = {}
    for engine, rows in _TILES.findall(header):
        found[engine] = ["x".join(row) for row in re.findall(r"\{(\d+), (\d+), (\d+),", rows)]
    return found


def short(name, shapes=None):
    """The name without namespaces, parameters and result; a gemm's with its precision, tile, product and epilogue."""
    name = _without_parameters(_NAMESPACES.sub("", name)).removeprefix("void ").replace("> >", ">>").strip()
    match = _GEMM.match(name)
    if not match:
        return name.replace("_kernel", "", 1)
    precision, tile, along_a, along_b, rest = match.groups()
    shape = (shapes or {}).get("Tensor" if precision else "Scalar", [])
    operands = [re.sub(r"GatheredOperand<(\w+?)(?:Source)?>", r"\1", part) for part in _arguments(rest)]
    words = ["gemm", (precision or "fp32").lower(), shape[int(tile)] if int(tile) < len(shape) else "tile" + tile,
             _PRODUCTS.get((along_a, along_b), "?")]
    words += [operand for operand in operands[:-1] if operand != "Operand"]
    return " ".join(words + [operands[-1].replace("Epilogue", "", 1)])


def _without_parameters(name):
    """Cuts a function's parameters, the last brackets that no angle bracket holds."""
    depth = 0
    for i, letter in enumerate(name):
        depth += (letter == "<") - (letter == ">")
        if letter == "(" and depth == 0:
            return name[:i]
    return name


def _arguments(text):
    """Splits "A, B<C, D>, E" at its outer commas."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "<") - (letter == ">")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
