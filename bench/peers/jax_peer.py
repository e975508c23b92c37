#!/usr/bin/env python3
"""Training steps in JAX: a jitted scan over steps with donated state. See workload.py."""

import os
import time

import workload
from workload import Unavailable

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the comparison's other tools use the same GPU
try:
    import jax
    import jaxlib
    from jax import numpy as jnp
except ImportError as error:
    jax, missing = None, error

UNROLLS = [1, 4]  # steps unrolled in the scan's body; the faster is used


PRODUCTS = ("linear", "conv", "deconv")


def initial_layers(key, primitives):
    """[(w, b)] for a list of workload.network: [inputs, outputs] or [kernel, kernel, inputs, outputs], uniform
    ±1/√fan-in like PyTorch's."""
    layers = []
    for kind, *sizes in primitives:
        if kind not in PRODUCTS:
            continue
        inputs, outputs, *kernel = sizes
        shape = (kernel[0], kernel[0], inputs, outputs) if kernel else (inputs, outputs)
        key, of_w, of_b = jax.random.split(key, 3)
        bound = (inputs * kernel[0]**2 if kernel else inputs)**-0.5
        layers.append((jax.random.uniform(of_w, shape, jnp.float32, -bound, bound),
                       jax.random.uniform(of_b, (outputs,), jnp.float32, -bound, bound)))
    return layers


def product(kind, x, w, sizes, kept):
    if kind == "linear":
        return jnp.dot(x, w, preferred_element_type=kept)
    _, _, kernel, stride, padding, *extra = sizes
    if kind == "conv":
        how = {"window_strides": (stride, stride), "padding": [(padding, padding)] * 2}
    else:
        margin = kernel - 1 - padding
        how = {"window_strides": (1, 1), "lhs_dilation": (stride, stride), "padding": [(margin, margin + extra[0])] * 2}
    return jax.lax.conv_general_dilated(x, w, dimension_numbers=("NHWC", "HWIO", "NHWC"), preferred_element_type=kept,
                                        **how)


def apply(primitives, layers, x, dtype):
    """Products in `dtype` (weights stay float32), the result in float32."""
    layers, last = iter(layers), len(layers) - 1
    count = -1
    for kind, *sizes in primitives:
        if kind in ("relu", "tanh"):
            x = jax.nn.relu(x) if kind == "relu" else jnp.tanh(x)
        elif kind == "picture":
            x = x.reshape(-1, *sizes)
        elif kind == "row":
            x = x.reshape(x.shape[0], -1)
        else:
            (w, b), count = next(layers), count + 1
            kept = jnp.float32 if count == last else dtype
            x = product(kind, x.astype(dtype), w.astype(dtype), sizes, kept) + b.astype(kept)
    return x


def bound(networks, decoder, x, mean, log_variance, samples, key, dtype):
    """Σ log 1/K Σ_k p(x|z_k) p(z_k) / q(z_k|x) over the examples (Burda et al. 2016, eq. 8), in nats."""
    noise = jax.random.normal(key, (mean.shape[0], samples, mean.shape[1]))
    z = mean[:, None] + jnp.exp(0.5 * log_variance)[:, None] * noise
    logits = apply(networks[1], decoder, z.reshape(-1, z.shape[-1]), dtype).reshape(*z.shape[:2], -1)
    nll = jnp.sum(jax.nn.softplus(logits) - x[:, None] * logits, axis=-1)
    log_ratio = 0.5 * jnp.sum(jnp.square(z) - jnp.square(noise) - log_variance[:, None], axis=-1)
    return jnp.sum(jax.nn.logsumexp(-nll - log_ratio, axis=1) - jnp.log(samples))


def costs(networks, parameters, x, samples, key, dtype):
    """Σ −log p(x|z) and Σ KL over the rows of x [n, dims], in nats; with K > 1 samples −Σ of the bound, and 0."""
    encoder, decoder = parameters
    mean, log_variance = jnp.split(apply(networks[0], encoder, x, dtype), 2, axis=-1)
    if samples > 1:
        return -bound(networks, decoder, x, mean, log_variance, samples, key, dtype), jnp.zeros(())
    z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
    logits = apply(networks[1], decoder, z, dtype)
    nll = jnp.sum(jax.nn.softplus(logits) - x * logits)
    kl = -0.5 * jnp.sum(1 + log_variance - jnp.square(mean) - jnp.exp(log_variance))
    return nll, kl


def adam(state, gradients):
    """PyTorch's formula."""
    parameters, first, second, step = state
    step = step + 1
    b1, b2 = workload.BETA1, workload.BETA2
    rate = workload.LEARNING_RATE / (1 - b1**step)
    root = jax.lax.rsqrt(1 - b2**step)
    first = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, first, gradients)
    second = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, second, gradients)
    parameters = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * root + workload.EPSILON),
                              parameters, first, second)
    return parameters, first, second, step


def scan_of_steps(options, dtype, unroll):
    """(state, data, rows [steps, batch]) → state after these steps. The result reuses the state's memory."""

    def objective(parameters, x, key):
        nll, kl = costs(options.network, parameters, x, options.samples, key, dtype)
        return (nll + kl) / options.batch, jnp.stack((nll, kl))

    def run(state, data, rows):
        def step(state, rows):
            trained, key, sums = state
            key, noise = jax.random.split(key)
            x = data[rows].astype(jnp.float32) * (1 / 255)
            if options.drawn:
                noise, pixels = jax.random.split(noise)
                x = jax.random.bernoulli(pixels, x).astype(jnp.float32)
            gradients, parts = jax.grad(objective, has_aux=True)(trained[0], x, noise)
            return (adam(trained, gradients), key, sums + parts), None

        return jax.lax.scan(step, state, rows, unroll=unroll)[0]

    return jax.jit(run, donate_argnums=0)


def pictures(examples, dims):
    """uint8 [examples, dims]."""
    of_patterns, of_grey = jax.random.split(jax.random.key(0))
    patterns = jax.random.bernoulli(of_patterns, workload.LIT, (workload.PATTERNS, dims))
    grey = jax.random.randint(of_grey, (examples, dims), workload.DARKEST, 256, jnp.uint8)
    return grey * patterns[jnp.arange(examples) % workload.PATTERNS]


class Training:
    def __init__(self, options):
        if jax is None:
            raise Unavailable(f"not installed: {missing}")
        if options.model != "vae":
            raise Unavailable(f"{options.model} is not written for it")
        on_gpu = options.device == "cuda"
        if not on_gpu and options.precision == "tf32":
            raise Unavailable("tf32 is a GPU's")
        if not on_gpu:
            jax.config.update("jax_platforms", "cpu")
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:options.threads])  # XLA's only setting
        try:
            device = jax.devices(options.device)[0]
        except RuntimeError as error:
            raise Unavailable(f"JAX: {error}") from error
        jax.config.update("jax_default_device", device)
        jax.config.update("jax_default_prng_impl", "rbg")  # the device's own generator
        jax.config.update("jax_default_matmul_precision",
                          {"fp32": "highest", "tf32": "tensorfloat32", "bf16": "default"}[options.precision])
        self.options = options
        self.data = jax.jit(pictures, static_argnums=(0, 1))(options.examples, options.widths[0])
        rows = jax.random.permutation(jax.random.key(1), options.examples)[:options.steps * options.batch]
        self.rows = rows.reshape(options.steps, options.batch)
        self.device = device.device_kind if on_gpu else workload.processor()
        self.versions = {"jax": jax.__version__, "jaxlib": jaxlib.__version__}
        self.choose_unroll([n for n in UNROLLS if options.steps % n == 0])

    def initial_state(self):
        of_encoder, of_decoder, of_noise = jax.random.split(jax.random.key(2), 3)
        encoder, decoder = self.options.network
        parameters = initial_layers(of_encoder, encoder), initial_layers(of_decoder, decoder)
        first, second = (jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
        return (parameters, first, second, jnp.zeros((), jnp.int32)), of_noise, jnp.zeros(2)

    def choose_unroll(self, candidates):
        """Compiles the scan; if there are several, keeps the one whose best of three runs is fastest."""
        seconds = {}
        for unroll in candidates:
            dtype = jnp.bfloat16 if self.options.precision == "bf16" else jnp.float32
            self.scan = scan_of_steps(self.options, dtype, unroll)
            self.state = self.initial_state()
            times = []
            for _ in range(4):
                self.begin()
                begin = time.perf_counter()
                self.run(self.options.steps)
                self.synchronize()
                times.append(time.perf_counter() - begin)
            seconds[unroll] = (min(times[1:]), self.scan)
        best = min(seconds, key=lambda unroll: seconds[unroll][0])
        self.scan = seconds[best][1]
        self.settings = {"unroll": best}

    def begin(self):
        trained, key, sums = self.state
        self.state = trained, key, jnp.zeros_like(sums)
        self.taken = 0
        self.synchronize()

    def run(self, steps):
        self.state = self.scan(self.state, self.data, self.rows)
        self.taken += steps

    def synchronize(self):
        jax.block_until_ready(self.state)

    def negative_elbo(self):
        return float(self.state[2].sum()) / (self.taken * self.options.batch)


if __name__ == "__main__":
    workload.main("JAX scan", workload.parse(__doc__), Training)
