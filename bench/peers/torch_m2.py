"""Model M2 of Kingma et al. (2014) in PyTorch, with one hidden layer in each network, as elbo has it: Bernoulli likelihood,
the sum over classes exact, labelled and unlabelled examples in one batch."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class M2(nn.Module):
    def __init__(self, dims, hidden, latent, classes, classifier_weight):
        super().__init__()
        self.from_x, self.from_y = nn.Linear(dims, hidden), nn.Linear(classes, hidden)
        self.head = nn.Linear(hidden, 2 * latent)
        self.from_z, self.as_y = nn.Linear(latent, hidden), nn.Linear(classes, hidden)
        self.logits = nn.Linear(hidden, dims)
        self.classifier = nn.Sequential(nn.Linear(dims, hidden), nn.ReLU(), nn.Linear(hidden, classes))
        self.classes, self.classifier_weight = classes, classifier_weight
        self.register_buffer("one_hot", torch.eye(classes))

    def forward(self, x, labels):
        """x [n, dims] in [0, 1], labels [n], -1 where unknown → (Σ nll, Σ KL, Σ classification), in nats."""
        # Each example as every class: [n, classes, hidden]. The first layer's product runs on n rows.
        h = torch.relu(self.from_x(x)[:, None] + self.from_y(self.one_hot)[None])
        mean, log_variance = self.head(h).float().chunk(2, dim=-1)
        noise = torch.randn(x.shape[0], 1, mean.shape[-1], device=x.device)
        z = torch.addcmul(mean, torch.exp(0.5 * log_variance), noise)
        hidden = torch.relu(self.from_z(z) + self.as_y(self.one_hot)[None])
        pixels = self.logits(hidden).float()
        nll = F.binary_cross_entropy_with_logits(pixels, x[:, None].expand_as(pixels), reduction="none").sum(-1)
        kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(-1) + math.log(self.classes)
        log_q = F.log_softmax(self.classifier(x).float(), dim=-1)
        known = labels >= 0
        own = F.one_hot(labels.clamp(min=0), self.classes).to(log_q.dtype)
        weights = torch.where(known[:, None], own, log_q.exp())
        kl = kl + torch.where(known[:, None], torch.zeros_like(log_q), log_q)
        classification = -(own * log_q).sum(-1) * known
        return (weights * nll).sum(), (weights * kl).sum(), self.classifier_weight * classification.sum()
