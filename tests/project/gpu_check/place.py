"""Puts tools/gpu_check on the path. It is imported before the check's own modules."""

import os
import sys

sys.dont_write_bytecode = True
CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tools", "gpu_check")
sys.path.insert(0, CHECK)
