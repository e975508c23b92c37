"""The benchmark's VAE in PyTorch: Bernoulli likelihood on grey values, diagonal Gaussian posterior, prior N(0, I)."""

import torch
from torch import nn
from torch.nn import functional as F


class Vae(nn.Module):
    """dims-hidden…-latent-…hidden-dims with ReLU and PyTorch's own initialisation. The mean and the log-variance
    are the two halves of one Linear: the same function and initial distribution as two, in one product."""

    def __init__(self, dims, hidden, latent):
        super().__init__()
        self.encoder = mlp([dims, *hidden, 2 * latent])
        self.decoder = mlp([latent, *reversed(hidden), dims])

    def forward(self, x):
        """x [n, dims] in [0, 1] → (Σ −log p(x|z), Σ KL) over the n examples, in nats, one sample of z each."""
        mean, log_variance = self.encoder(x).float().chunk(2, dim=-1)
        z = torch.addcmul(mean, torch.exp(0.5 * log_variance), torch.randn_like(mean))
        logits = self.decoder(z).float()
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
        return nll, kl


def mlp(widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
