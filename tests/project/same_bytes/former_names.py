"""Settings by the names that an elbo before these had, and that one with these reads too: so any reference takes them."""

_FORMER = {
    "data.binarize=dynamic": "data.binarize=resample",
    "model.encode_mask=": "model.see_mask=",
    "model.output_bias=random": "model.output_bias=drawn",
    "objective.ramp_fraction=": "objective.rising_share=",
    "train.accumulation_steps=": "train.accumulate=",
}


def with_former_names(arguments):
    """The arguments of a command, its settings by their former names."""
    former = []
    for word in arguments:
        for name, earlier in _FORMER.items():
            if word.startswith(name):
                word = earlier + word[len(name):]
        former.append(word)
    return former
