#!/usr/bin/env python3
"""Training steps in PyTorch: eager, or compiled (with CUDA graphs of whole steps on a GPU). See workload.py."""

import argparse
import contextlib
import time

import workload
from workload import Unavailable

try:
    import torch
    from torch_m2 import M2
    from torch_vae import Vae
except ImportError as error:
    torch, missing = None, error


def pictures(options, device):
    """uint8 [examples, dims]."""
    generator = torch.Generator().manual_seed(0)
    patterns = torch.rand(workload.PATTERNS, options.widths[0], generator=generator) < workload.LIT
    shape = (options.examples, options.widths[0])
    grey = torch.randint(workload.DARKEST, 256, shape, dtype=torch.uint8, generator=generator)
    return (grey * patterns[torch.arange(options.examples) % workload.PATTERNS]).to(device)


def model_of(options):
    if options.model == "vae":
        return Vae(*options.network, options.channels_last, options.samples)
    dims, hidden, latent = options.widths
    return M2(dims, hidden, latent, workload.CLASSES, workload.CLASSIFIER_WEIGHT)


def pictures_in(networks):
    return any(kind == "picture" for chain in networks for kind, *_ in chain)


class Training:
    """The common part of both modes: the model, fused Adam, and all data on the device."""

    def __init__(self, options):
        if torch is None:
            raise Unavailable(f"not installed: {missing}")
        if options.device == "cuda" and not torch.cuda.is_available():
            raise Unavailable("PyTorch sees no GPU")
        if options.device == "cpu" and options.precision == "tf32":
            raise Unavailable("tf32 is a GPU's")
        torch.set_num_threads(options.threads)
        torch.set_flush_denormal(True)
        torch.set_float32_matmul_precision("high" if options.precision == "tf32" else "highest")
        torch.manual_seed(1)
        device = torch.device(options.device)
        self.on_gpu = device.type == "cuda"
        self.options, self.batch = options, options.batch
        self.model = model_of(options).to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=workload.LEARNING_RATE,
                                          betas=(workload.BETA1, workload.BETA2), eps=workload.EPSILON,
                                          fused=True, capturable=self.on_gpu)
        self.data = pictures(options, device)
        patterns = torch.arange(options.examples)
        known = patterns // workload.PATTERNS % 4 == 0
        self.labels = torch.where(known, patterns % workload.PATTERNS, -1).to(device)
        self.permutation = torch.randperm(options.examples, device=device)
        self.sums = torch.zeros(2, device=device)
        self.position = 0
        self.device = torch.cuda.get_device_name(device) if self.on_gpu else workload.processor()
        self.versions = {"torch": torch.__version__} | ({"cuda": torch.version.cuda} if self.on_gpu else {})
        self.settings = {"channels_last": options.channels_last} if pictures_in(options.network) else {}

    def autocast(self):
        """Weights are used once per step, so caching their copies gains nothing."""
        if self.options.precision != "bf16":
            return contextlib.nullcontext()
        return torch.autocast(self.options.device, torch.bfloat16, cache_enabled=False)

    def costs(self, rows):
        """Σ −log p(x|z), Σ KL and further costs of the examples `rows`."""
        x = self.data.index_select(0, rows).float() * (1 / 255)
        if self.options.drawn:
            x = torch.bernoulli(x)
        with self.autocast():
            if self.options.model == "m2":
                return self.model(x, self.labels.index_select(0, rows))
            return *self.model(x), 0.0

    def begin(self):
        self.position = 0
        self.sums.zero_()

    def synchronize(self):
        if self.on_gpu:
            torch.cuda.synchronize()

    def negative_elbo(self):
        return self.sums.sum().item() / (self.position * self.batch)


class EagerTraining(Training):
    def run(self, steps):
        for _ in range(steps):
            start = self.position * self.batch
            nll, kl, more = self.costs(self.permutation[start:start + self.batch])
            self.optimizer.zero_grad(set_to_none=True)
            ((nll + kl + more) / self.batch).backward()
            self.optimizer.step()
            self.sums += torch.stack((nll.detach(), kl.detach()))
            self.position += 1


class CompiledTraining(Training):
    """Gather, forward, backward and the sums are compiled. The position in the data is a number on the device, so that
    a CUDA graph of several whole steps can be replayed unchanged."""

    def __init__(self, options):
        super().__init__(options)
        self.next_row = torch.zeros((), dtype=torch.int64, device=self.data.device)
        self.offsets = torch.arange(self.batch, device=self.data.device)
        modes = [options.compile_mode] if options.compile_mode else default_modes(options.device)
        prepared = {mode: self.prepare(mode) for mode in modes}
        best = modes[0] if len(modes) == 1 else min(modes, key=lambda mode: self.seconds(*prepared[mode]))
        self.compiled, self.graph = prepared[best]
        self.settings |= {"mode": best} | ({"steps_per_graph": self.unrolled} if self.on_gpu else {})

    def prepare(self, mode):
        """Compiles in the mode and, on a GPU, captures a graph of several steps: (compiled, graph)."""
        self.compiled = torch.compile(self.loss, mode=mode, fullgraph=True, dynamic=False)
        self.begin()
        with self.side_stream():
            for _ in range(3):
                self.step()
        if not self.on_gpu:
            return self.compiled, None
        steps = self.options.steps
        self.unrolled = self.options.graph_steps or max(n for n in range(1, 11) if steps % n == 0)
        if steps % self.unrolled:
            raise SystemExit(f"--steps {steps} is not a multiple of --graph-steps {self.unrolled}")
        return self.compiled, self.capture(self.unrolled)

    @contextlib.contextmanager
    def side_stream(self):
        """On a GPU a side stream, on which work before a capture must run."""
        if not self.on_gpu:
            yield
            return
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            yield
        torch.cuda.current_stream().wait_stream(side)

    def capture(self, count):
        self.optimizer.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(count):
                self.step()
        return graph

    def loss(self):
        rows = self.permutation.index_select(0, self.next_row + self.offsets)
        nll, kl, more = self.costs(rows)
        self.sums.add_(torch.stack((nll.detach(), kl.detach())))
        self.next_row.add_(self.batch)
        return (nll + kl + more) / self.batch

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.compiled().backward()
        self.optimizer.step()

    def seconds(self, compiled, graph):
        """The fastest of three repeats."""
        self.compiled, self.graph = compiled, graph
        times = []
        for _ in range(3):
            self.begin()
            self.synchronize()
            begin = time.perf_counter()
            self.run(self.options.steps)
            self.synchronize()
            times.append(time.perf_counter() - begin)
        return min(times)

    def begin(self):
        super().begin()
        self.next_row.zero_()

    def run(self, steps):
        self.position += steps
        if not self.on_gpu:
            for _ in range(steps):
                self.step()
            return
        for _ in range(steps // self.unrolled):
            self.graph.replay()


def default_modes(device):
    """Captures its own graphs, which include the optimizer, so Inductor must not make any."""
    return ["max-autotune-no-cudagraphs"] if device == "cuda" else ["default", "max-autotune"]


def add_options(parser):
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--compile-mode", help="torch.compile's; without it the fastest of a few")
    parser.add_argument("--channels-last", action=argparse.BooleanOptionalAction, default=True,
                        help="pictures as in elbo, or channels first")
    parser.add_argument("--graph-steps", type=int, help="whole steps in a CUDA graph")


if __name__ == "__main__":
    options = workload.parse(__doc__, add_options)
    eager = options.mode == "eager"
    tool = "PyTorch eager" if eager else "PyTorch compile" + (" + CUDA graphs" if options.device == "cuda" else "")
    workload.main(tool, options, EagerTraining if eager else CompiledTraining)
