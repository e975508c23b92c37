#!/usr/bin/env python3
"""What bench/usual_tools.py compares elbo with: loading by pandas, NumPy and Pillow, using a model by PyTorch.

    usual_peer.py csv|npy FILE       usual_peer.py pictures FOLDER [SIDE]
    usual_peer.py encode|sample|nll|ais FILE EXAMPLES ...

It talks as bench/work_bench.cpp does.
"""

import json
import pathlib
import struct
import sys
import time

import workload

DIMS = 784
PART = 100  # samples of z at a time, which was the fastest of a few for PyTorch


def value_of(values):
    """The number of rows times the mean size of what is not missing."""
    import numpy
    return len(values) * float(numpy.nanmean(numpy.abs(values), dtype="float64"))


def csv(path):
    import pandas
    table = pandas.read_csv(path)
    numbers = table.select_dtypes("number").to_numpy("float32")
    for name in table.columns.difference(table.select_dtypes("number").columns):
        table[name] = table[name].astype("category")
    return lambda: value_of(numbers)


def npy(path):
    import numpy
    values = numpy.load(path).astype("float32")
    return lambda: value_of(values)


def pictures(folder, side=None):
    import numpy
    from PIL import Image, ImageOps
    rows = []
    for file in sorted(pathlib.Path(folder).iterdir()):
        with Image.open(file) as picture:
            picture = picture.convert("RGB")
            if side:
                picture = ImageOps.fit(picture, (int(side), int(side)), Image.Resampling.BICUBIC)
            rows.append(numpy.asarray(picture).reshape(-1))
    values = numpy.stack(rows)
    return lambda: value_of(values)


class Vae:
    """The model of a file, whose tensors have PyTorch's names and shapes."""

    def __init__(self, file, threads):
        import torch
        self.torch = torch
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        data = pathlib.Path(file).read_bytes()
        size, = struct.unpack("<Q", data[:8])
        tensors = {}
        for name, tensor in json.loads(data[8:8 + size]).items():
            if name != "__metadata__":
                begin, end = (8 + size + at for at in tensor["data_offsets"])
                tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).view(tensor["shape"])
        self.encoder = self.layers(tensors, "encoder.hidden.0", "encoder.hidden.1", ("encoder.mean", "encoder.log_variance"))
        self.decoder = self.layers(tensors, "decoder.hidden.0", "decoder.hidden.1", ("decoder.output",))
        self.latent = tensors["encoder.mean.weight"].shape[0]

    def layers(self, tensors, *names):
        nn, layers = self.torch.nn, []
        for name in names:
            group = name if isinstance(name, tuple) else (name,)
            weight, bias = (self.torch.cat([tensors[f"{part}.{what}"] for part in group]) for what in ("weight", "bias"))
            layer = nn.Linear(weight.shape[1], weight.shape[0])
            layer.weight.data, layer.bias.data = weight, bias
            layers += [layer, nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    def pictures(self, count):
        i = self.torch.arange(int(count) * DIMS)
        return ((i * i // 7 + i) % 256).view(-1, DIMS).to(self.torch.uint8)

    def posterior(self, x):
        return self.encoder(x.float() / 255).chunk(2, dim=-1)

    def nll(self, x, z):
        """−log p(x|z) of x [n, dims] and z [n, k, latent]."""
        logits = self.decoder(z)
        loss = self.torch.nn.functional.binary_cross_entropy_with_logits
        return loss(logits, x[:, None].expand_as(logits), reduction="none").sum(-1)


def encode(vae, count):
    x = vae.pictures(count)

    def work():
        mean, _ = vae.posterior(x)
        return lambda: float(mean.mean())

    return work


def sample(vae, count):
    def work():
        samples = vae.torch.sigmoid(vae.decoder(vae.torch.randn(int(count), vae.latent)))
        return lambda: float(samples.mean())

    return work


def nll(vae, count, samples):
    torch, samples, grey = vae.torch, int(samples), vae.pictures(count)

    def work():
        mean, log_variance = vae.posterior(grey)
        x, deviation, parts = grey.float() / 255, (0.5 * log_variance).exp(), []
        for _ in range(samples // PART):
            noise = torch.randn(len(x), PART, vae.latent)
            z = mean[:, None] + deviation[:, None] * noise
            log_ratio = 0.5 * (z.square() - noise.square() - log_variance[:, None]).sum(-1)
            parts.append(-vae.nll(x, z) - log_ratio)
        weights = torch.cat(parts, dim=1)
        nll = float((torch.log(torch.tensor(samples)) - torch.logsumexp(weights, dim=1)).mean())
        return lambda: nll

    return work


def ais(vae, count, chains, steps, leapfrogs=10, size=0.1):
    """Hamiltonian Monte Carlo between prior and posterior (Wu et al. 2017) with a fixed step size, which elbo finds by
    runs before, in its time."""
    torch, chains, steps, grey = vae.torch, int(chains), int(steps), vae.pictures(count)
    x = (grey.float() / 255)

    def decode(z):
        """The decoder's cost of z [n·chains, latent], and its gradient."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            cost = vae.nll(x, z.view(len(x), chains, -1)).flatten()
            gradient, = torch.autograd.grad(cost.sum(), z)
        return cost.detach(), gradient

    def energy(z, velocity, cost, beta):
        return 0.5 * z.square().sum(-1) + 0.5 * velocity.square().sum(-1) + beta * cost

    def work():
        z = torch.randn(len(x) * chains, vae.latent)
        weights = torch.zeros(len(z))
        cost, gradient = decode(z)
        for step in range(1, steps + 1):
            weights -= cost / steps
            if step == steps:
                break
            beta, velocity = step / steps, torch.randn_like(z)
            moved, moved_cost, slope = z, cost, gradient
            speed = velocity - 0.5 * size * (z + beta * slope)
            for leap in range(leapfrogs):
                moved = moved + size * speed
                moved_cost, slope = decode(moved)
                speed = speed - (size if leap + 1 < leapfrogs else 0.5 * size) * (moved + beta * slope)
            change = energy(z, velocity, cost, beta) - energy(moved, speed, moved_cost, beta)
            taken = torch.rand(len(z)).log() < change
            z, gradient = (torch.where(taken[:, None], new, old) for new, old in ((moved, z), (slope, gradient)))
            cost = torch.where(taken, moved_cost, cost)
        weights = weights.view(len(x), chains)
        nll = float((torch.log(torch.tensor(chains)) - torch.logsumexp(weights, dim=1)).mean())
        return lambda: nll

    return work


def versions(kind):
    names = {"csv": ["pandas"], "npy": ["numpy"], "pictures": ["PIL", "numpy"]}.get(kind, ["torch"])
    return {name: __import__(name).__version__ for name in names}


def main(kind, threads, *arguments):
    try:
        about = {"tool": kind, "versions": versions(kind)}
        if kind in ("csv", "npy", "pictures"):
            def work():
                return globals()[kind](*arguments)
        else:
            work = globals()[kind](Vae(arguments[0], int(threads)), *arguments[1:])
    except ImportError as error:
        workload.say({"tool": kind, "unavailable": f"not installed: {error}"})
        return
    if kind in ("csv", "npy", "pictures"):
        serve(about, work)
    else:
        import torch
        with torch.inference_mode() if kind != "ais" else torch.no_grad():
            serve(about, work)


def serve(about, work):
    work()
    workload.say(about)
    for _ in sys.stdin:
        begin = time.perf_counter()
        value = work()
        us = 1e6 * (time.perf_counter() - begin)
        workload.say({"us": us, "value": value()})


if __name__ == "__main__":
    main(*sys.argv[1:])
