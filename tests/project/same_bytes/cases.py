"""The trainings of same_bytes: every recipe that ships, and variants of a small one that use the other parts.

A case is {"name", "command", "resumed", "then", "begun"}: the arguments of a training, whether it is resumed for one more
epoch, the commands that then use the trained model, and whether the tree also resumes the reference's run. In
arguments {data} is the folder that data.py fills; an argument with an = is a setting. The run's folder is called
run.
"""

import re

_PICTURES = ["--data", "{data}/pictures"]
_TABLE = ["--data", "{data}/table.npy", "data.test=0.1"]
_GAPS = ["--data", "{data}/gaps.npy", "data.test=0.1", "data.missing=mask", "data.standardize=true"]
_CLASSES = ["data.test=0.1", "model.likelihood=categorical", "model.classes=4"]
_CLASS_TABLE = ["--data", "{data}/classes.npy", *_CLASSES]
_GAUSSIAN = ["model.likelihood=gaussian", "data.standardize=true"]
_AUTOENCODER = ["model.kind=autoencoder"]
_IMPATIENT = ["train.patience=1", "data.validation=0.2", "train.learning_rate=0.3", "--seed", "3"]  # epoch 3 is worse than 2
_IWAE = ["objective.kind=iwae", "objective.samples=5"]

_EVAL = ["eval", "run", "--json"]
_NLL = [*_EVAL, "--nll-samples", "6"]
_DRAW = ["sample", "run", "-n", "20", "--draw", "--out", "draws.npy"]
_SAMPLE = ["sample", "run", "-n", "20", "--seed", "3", "--out", "means.csv"]
_RECONSTRUCT = ["reconstruct", "run", "--out", "reconstructions.npy"]
_ENCODE = ["encode", "run", "--log-variance", "--out", "codes.npy"]
_ANNEALED = [*_EVAL, "--ais", "2", "--ais-steps", "4", "--ais-examples", "2"]
_SCORES = [*_EVAL, "--anomaly", "--nll-samples", "4", "--scores", "scores.csv", "--probe"]
_IMPUTE = ["impute", "run", "--json", "--samples", "8", "--out", "imputed.npy"]
_ASKED = [_NLL, _DRAW, _RECONSTRUCT]
_ALL_ASKED = [_NLL, _DRAW, _SAMPLE, _RECONSTRUCT, _ENCODE]

# name: settings and data, then commands that use the model.
_VARIANTS = {
    "bernoulli": (_PICTURES, [*_ALL_ASKED, _ANNEALED, _SCORES]),
    "continuous-bernoulli": ([*_PICTURES, "model.likelihood=continuous-bernoulli"], _ASKED),
    "gaussian": ([*_TABLE, *_GAUSSIAN, "model.variance=0.3"], _ASKED),
    "gaussian-learned": ([*_TABLE, "model.likelihood=gaussian-learned", "data.standardize=true"], _ASKED),
    "gaussian-sigmoid": ([*_PICTURES, "model.likelihood=gaussian-sigmoid", "model.variance=0.1"], _ASKED),
    "gaussian-shared": ([*_TABLE, "model.likelihood=gaussian-shared", "data.standardize=true"], [*_ASKED, _ANNEALED]),
    "laplace": ([*_TABLE, "model.likelihood=laplace", "model.scale=0.5"], _ASKED),
    "laplace-learned": ([*_TABLE, "model.likelihood=laplace-learned", "data.standardize=true"], _ASKED),
    "discretized-logistic": ([*_PICTURES, "model.likelihood=discretized-logistic"], _ASKED),
    "categorical": (_CLASS_TABLE, [*_ALL_ASKED, _ANNEALED]),
    "categorical, missing, seen": (["--data", "{data}/classes-gaps.csv", *_CLASSES, "data.missing=mask", "model.encode_mask=true"],
                                   [*_ASKED, [*_IMPUTE, "--truth", "{data}/classes.npy"]]),
    "missing": ([*_GAPS, *_GAUSSIAN], [*_ALL_ASKED, _ANNEALED, [*_IMPUTE, "--truth", "{data}/table.npy"]]),
    "missing, seen": ([*_GAPS, "model.likelihood=gaussian-learned", "model.encode_mask=true"], [*_ASKED, _IMPUTE]),
    "missing by a file": ([*_TABLE, "model.likelihood=gaussian-shared", "data.missing=mask", "data.mask={data}/mask.npy",
                           "data.standardize=true", "model.encode_mask=true"], [*_ASKED, _IMPUTE]),
    "missing, several samples": ([*_GAPS, *_GAUSSIAN, *_IWAE, "model.encode_mask=true"], _ASKED),
    "iwae": ([*_PICTURES, *_IWAE], _ASKED),
    "iwae, gaussian-shared": ([*_TABLE, "model.likelihood=gaussian-shared", "data.standardize=true", *_IWAE], _ASKED),
    "iwae, categorical": ([*_CLASS_TABLE, *_IWAE], _ASKED),
    "iwae, everything of a step": ([*_PICTURES, *_IWAE, "train.accumulation_steps=2", "train.clip_norm=1", "train.ema=0.9",
                                    "objective.warmup_epochs=2", "train.weight_decay=0.01"], [_EVAL]),
    "three samples": ([*_PICTURES, "objective.samples=3"], [_NLL]),
    "three samples, gaussian-learned": ([*_TABLE, "model.likelihood=gaussian-learned", "objective.samples=3"], [_NLL]),
    "beta, warm-up": ([*_PICTURES, "objective.beta=2.5", "objective.warmup_epochs=1.5"], [_EVAL]),
    "cycles": ([*_PICTURES, "objective.cycles=2", "objective.ramp_fraction=0.4"], [_EVAL]),
    "free bits": ([*_PICTURES, "objective.free_bits=0.2"], [_EVAL]),
    "free bits, three samples": ([*_PICTURES, "objective.free_bits=0.2", "objective.samples=3"], [_EVAL]),
    "capacity": ([*_PICTURES, "objective.beta=4", "objective.capacity=3", "objective.capacity_epochs=2"], [_EVAL]),
    "gaussian corruption": ([*_PICTURES, "objective.corruption=gaussian", "objective.corruption_amount=0.3"], [_EVAL]),
    "masking corruption": ([*_PICTURES, "objective.corruption=masking", "objective.corruption_amount=0.3"], [_EVAL]),
    "masking corruption, missing, seen": ([*_GAPS, *_GAUSSIAN, "model.encode_mask=true", "objective.corruption=masking",
                                           "objective.corruption_amount=0.3"], [_EVAL]),
    "autoencoder": ([*_PICTURES, *_AUTOENCODER],
                    [_EVAL, _RECONSTRUCT, ["encode", "run", "--out", "codes.csv"], [*_EVAL, "--anomaly", "--probe"]]),
    "autoencoder, penalties": ([*_PICTURES, *_AUTOENCODER, "objective.code_l1=0.01", "objective.code_l2=0.02"], [_EVAL]),
    "autoencoder, corruption": ([*_TABLE, *_AUTOENCODER, *_GAUSSIAN, "objective.corruption=gaussian",
                                 "objective.corruption_amount=0.5"], [_EVAL]),
    "autoencoder, missing, seen": ([*_GAPS, *_AUTOENCODER, *_GAUSSIAN, "model.encode_mask=true"], [_EVAL]),
    "autoencoder, categorical": ([*_CLASS_TABLE, *_AUTOENCODER], [_EVAL, _RECONSTRUCT]),
    "clipping": ([*_PICTURES, "train.clip_norm=0.5"], []),
    "clipping, gaussian-shared": ([*_TABLE, "model.likelihood=gaussian-shared", "train.clip_norm=0.5"], []),
    "accumulate": ([*_PICTURES, "train.accumulation_steps=3"], []),
    "accumulate, missing": ([*_GAPS, "model.likelihood=gaussian-shared", "train.accumulation_steps=2"], []),
    "ema": ([*_PICTURES, "train.ema=0.8", "data.validation=0.2"], [_EVAL]),
    "patience": ([*_PICTURES, *_IMPATIENT, "--epochs", "5"], [_EVAL]),
    "patience, resumed": ([*_PICTURES, *_IMPATIENT], [_EVAL]),
    "weight decay": ([*_PICTURES, "train.weight_decay=0.1", "train.beta1=0.8", "train.beta2=0.99", "train.epsilon=1e-5"], []),
    "step": ([*_PICTURES, "train.schedule=step", "train.decay_epochs=1.5", "train.decay_factor=0.3"], []),
    "cosine, warm-up": ([*_PICTURES, "train.schedule=cosine", "train.warmup_epochs=0.7", "train.final_learning_rate=1e-4"], []),
    "staged": ([*_PICTURES, "train.schedule=staged", "train.stage_epochs=[1,1,1]", "train.stage_rates=[1e-2,3e-3,1e-3]"], []),
    "tanh, he": ([*_PICTURES, "model.activation=tanh", "model.initialization=he"], []),
    "gelu, output bias": ([*_PICTURES, "model.activation=gelu", "model.output_bias=data"], [_EVAL]),
    "silu, glorot": ([*_TABLE, *_GAUSSIAN, "model.activation=silu", "model.initialization=glorot"], [_EVAL]),
    "sigmoid, output bias": ([*_CLASS_TABLE, "model.activation=sigmoid", "model.output_bias=data"], []),
    "identity, no hidden layers": ([*_PICTURES, "model.activation=identity", "model.encoder=[]", "model.decoder=[]"], [_EVAL]),
    "gaussian-learned, output bias": ([*_GAPS, "model.likelihood=gaussian-learned", "model.output_bias=data"], []),
    "threshold": ([*_PICTURES, "data.binarize=threshold"], [_NLL]),
    "dynamic": ([*_PICTURES, "data.binarize=dynamic", *_IWAE], [_NLL]),
    "fp32": ([*_PICTURES, "train.precision=fp32"], []),
    "tf32": ([*_PICTURES, "train.precision=tf32"], []),
    "bf16": ([*_PICTURES, "train.precision=bf16"], [[*_NLL, "--precision", "bf16"]]),
    "bf16, iwae, clipping": ([*_TABLE, "model.likelihood=gaussian-learned", *_IWAE, "train.precision=bf16", "train.clip_norm=1"], []),
    "a folder of pictures": (["--data", "{data}/png", "data.validation=0.2", "data.test=0.1"], [_EVAL, _RECONSTRUCT]),
    "a latent plane": ([*_TABLE, *_GAUSSIAN, "model.latent=2"], [["encode", "run", "--out", "map.svg"]]),
}

# These schedules depend on the number of epochs, so these trainings are not resumed for another.
_NEVER_RESUMED = ("cycles", "cosine, warm-up")
_BEGUN_BY_THE_REFERENCE = ("missing, seen", "iwae, gaussian-shared", "categorical", "ema", "autoencoder, penalties")

_SMALL = ["digits", "--batch", "16", "model.encoder=[24,17]", "model.decoder=[19,26]", "model.latent=5"]

# Commands for recipes with pictures, or a two-dimensional latent space, to draw.
_ASKED_OF_RECIPES = {
    "mnist-deep": [*_ALL_ASKED, ["encode", "run", "--map", "pca", "--out", "map.png"], ["reconstruct", "run", "--walk"]],
    "mnist-mse-2d": [_NLL, _ENCODE, ["sample", "run", "--manifold", "6", "--out", "manifold.png"], ["encode", "run", "--out", "map.png"]],
    "mnist-burda": [_NLL, _DRAW],
    "latent-2d": [_NLL, _DRAW, _ENCODE],
}


def _arguments(words):
    """Puts --set before settings."""
    arguments = []
    for word in words:
        arguments += ["--set", word] if re.match(r"[a-z]+\.\w+=", word) else [word]
    return arguments


def _case(name, command, then=(), resumed=True, begun=False):
    resumed = resumed and "--epochs" not in command
    return {"name": name, "command": ["train", *_arguments(command)], "then": list(then), "resumed": resumed, "begun": begun}


def _narrowed(text):
    """A recipe's text with hidden layers an eighth as wide, as an emulated step takes seconds at full width."""
    settings = []
    for network, widths in re.findall(r"^(encoder|decoder) = \[(.*)\]$", text, re.MULTILINE):
        narrow = ",".join(str(max(3, int(width) // 8)) for width in widths.split(","))
        settings.append("model.%s=[%s]" % (network, narrow))
    return settings


def _of_recipe(file, emulated):
    name = file.stem
    changes = _narrowed(file.read_text()) if emulated else []
    if name == "digits":  # which has 60,000 examples
        changes += ["--data", "mnist"]
    if name.startswith("uniform"):
        changes += ["--data", "{data}/table.npy", "--batch", "32"] if emulated else ["--batch", "96"]
    if name == "latent-2d":
        changes += ["--batch", "270" if emulated else "96"]
    return _case(name, [name, *changes], _ASKED_OF_RECIPES.get(name, ()), begun=name == "mnist-deep")


def all_cases(recipes, emulated):
    """The cases of one device, for the files of the recipes."""
    cases = [_of_recipe(file, emulated) for file in recipes]
    if emulated:
        whole = ["mnist-400-200", "--data", "{data}/large/mnist", "--epochs", "1"]
        cases.append(_case("mnist-400-200, whole", whole))
    for name, (settings, then) in _VARIANTS.items():
        cases.append(_case(name, [*_SMALL, *settings], then, name not in _NEVER_RESUMED, name in _BEGUN_BY_THE_REFERENCE))
    several = _case("two seeds", [*_SMALL, *_PICTURES, "--repeat", "2", "--nll-samples", "4"], resumed=False)
    select = _case("select", [*_SMALL[:-1], *_PICTURES, "--latent", "1,3", "--nll-samples", "4"], resumed=False)
    select["command"][0] = "select"
    return [*cases, several, select]


def another_seed():
    """Two cases that must differ, to check that differences are found."""
    return [_case("seed %d" % seed, [*_SMALL, *_PICTURES, "--seed", str(seed)], [_EVAL, _DRAW]) for seed in (1, 2)]
