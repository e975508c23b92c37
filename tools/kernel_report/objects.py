"""The build's kernel objects, its source tree and compiler, and the place of cuobjdump."""

import glob
import os
import re
import shutil

_NINJA_OBJECT = re.compile(r"^build (\S+/kernels/\S+\.cu\.o(?:bj)?):", re.MULTILINE)


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _cached(build, name):
    match = re.search(r"^%s:\w+=(.*)$" % name, _read(os.path.join(build, "CMakeCache.txt")), re.MULTILINE)
    return match.group(1) if match else ""


def kernel_objects(build):
    """({name: path} of the kernels' objects, names of those that Ninja's file lists but nobody has built)"""
    listed = [os.path.join(build, path) for path in _NINJA_OBJECT.findall(_read(os.path.join(build, "build.ninja")))]
    paths = listed or glob.glob(os.path.join(build, "**", "kernels", "*.cu.o"), recursive=True)
    paths = paths or glob.glob(os.path.join(build, "*.cu.o"))
    named = {os.path.basename(path).split(".cu.o")[0]: path for path in sorted(paths)}
    missing = [name for name, path in named.items() if not os.path.exists(path)]
    return {name: path for name, path in named.items() if name not in missing}, missing


def source_tree(build):
    """The tree that the build was configured for; else the one that this script lies in."""
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    return os.path.normpath(_cached(build, "CMAKE_HOME_DIRECTORY") or here)


def tile_header(build):
    return _read(os.path.join(source_tree(build), "src", "ops", "gemm_plan.h"))


def compiler(build):
    """"nvcc 13.0.88", or "an unknown nvcc"."""
    for path in glob.glob(os.path.join(build, "CMakeFiles", "*", "CMakeCUDACompiler.cmake")):
        match = re.search(r'CMAKE_CUDA_COMPILER_VERSION "([\d.]+)"', _read(path))
        if match:
            return "nvcc " + match.group(1)
    return "an unknown nvcc"


def cuobjdump(build, named=None):
    """The path of cuobjdump: the one that is named, or on PATH, or beside nvcc. None where there is none."""
    if named:
        return shutil.which(named)
    folders = [os.path.dirname(os.path.realpath(nvcc)) for nvcc in (shutil.which("nvcc"), _cached(build, "CMAKE_CUDA_COMPILER")) if nvcc]
    return shutil.which("cuobjdump") or next(
        filter(None, (shutil.which("cuobjdump", path=folder) for folder in folders + ["/usr/local/cuda/bin"])), None)
