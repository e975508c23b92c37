"""The benchmark's VAE in PyTorch: Bernoulli likelihood on grey values, diagonal Gaussian posterior, prior N(0, I)."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Vae(nn.Module):
    """The two networks (workload.network) with PyTorch's own initialisation. The mean and the log-variance are the two
    halves of one Linear: the same function and initial distribution as two, in one product."""

    def __init__(self, encoder, decoder, channels_last=True, samples=1):
        super().__init__()
        self.samples = samples
        self.encoder = sequential(encoder, channels_last)
        self.decoder = sequential(decoder, channels_last)

    def forward(self, x):
        """x [n, dims] in [0, 1] → (Σ −log p(x|z), Σ KL) over the n examples, in nats, one sample of z each; with K > 1
        samples (−Σ of the importance-weighted bound, 0)."""
        mean, log_variance = self.encoder(x).float().chunk(2, dim=-1)
        if self.samples > 1:
            return -self.bound(x, mean, log_variance), torch.zeros((), device=x.device)
        z = torch.addcmul(mean, torch.exp(0.5 * log_variance), torch.randn_like(mean))
        logits = self.decoder(z).float()
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
        return nll, kl

    def bound(self, x, mean, log_variance):
        """Σ log 1/K Σ_k p(x|z_k) p(z_k) / q(z_k|x) over the examples (Burda et al. 2016, eq. 8), in nats."""
        noise = torch.randn(mean.shape[0], self.samples, mean.shape[1], device=x.device)
        z = torch.addcmul(mean[:, None], torch.exp(0.5 * log_variance)[:, None], noise)
        logits = self.decoder(z.flatten(0, 1)).float().view(*z.shape[:2], -1)
        nll = F.binary_cross_entropy_with_logits(logits, x[:, None].expand_as(logits), reduction="none").sum(-1)
        log_ratio = 0.5 * (z.square() - noise.square() - log_variance[:, None]).sum(-1)
        return (torch.logsumexp(-nll - log_ratio, dim=1) - math.log(self.samples)).sum()


class Picture(nn.Module):
    """Turns rows of pixels, with channels side by side, into pictures."""

    def __init__(self, height, width, channels, channels_last):
        super().__init__()
        self.shape, self.channels_last = (height, width, channels), channels_last

    def forward(self, x):
        x = x.view(-1, *self.shape).permute(0, 3, 1, 2)
        return x if self.channels_last else x.contiguous()


class Row(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def sequential(primitives, channels_last):
    """The layers for a list of workload.network."""
    makers = {"linear": nn.Linear, "relu": nn.ReLU, "tanh": nn.Tanh, "row": Row,
              "picture": lambda *shape: Picture(*shape, channels_last),
              "conv": nn.Conv2d, "deconv": nn.ConvTranspose2d}
    layers = nn.Sequential(*(makers[kind](*sizes) for kind, *sizes in primitives))
    return layers.to(memory_format=torch.channels_last) if channels_last else layers
