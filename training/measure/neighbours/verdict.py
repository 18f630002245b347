"""What the comparison of samples with held-out reals says, in plain words and with its limits."""

from dataclasses import dataclass

from training.measure.neighbours.statistics import LEVEL, Comparison


@dataclass(frozen=True)
class Verdict:
    """``signs`` of memorised images or none, ``text`` and ``limits`` for people."""

    signs: bool
    copies: int
    text: str
    limits: str


def judge(
    comparisons: list[Comparison], copies: int, standing_out: int, *, flip_vertical: bool = False
) -> Verdict:
    """Judge by exact copies and by the ratios, at ``LEVEL`` for all tests together (Bonferroni).

    It is a sign of copies where more samples than chance allows are below a measure's threshold, or where
    samples tend to smaller ratios by both measures. Other tendencies raise no alarm: a blurred or typical
    image is near to everything by pixels, in distance and, where few others are as typical, in ratio.
    ``standing_out`` samples are remarkable for whatever reason. ``flip_vertical`` says whether images were
    also compared top to bottom.
    """
    ratios = [each for each in comparisons if each.quantity == "ratio"]
    level = LEVEL / (len(ratios) + 1)
    few = any(each.p_below < level for each in ratios)
    many = all(each.p < level for each in ratios)
    count = ratios[0].samples
    lines = []
    if copies:
        lines.append(f"{copies} of {count} samples are training images, pixel for pixel (mirrored or not).")
    if few or many:
        lines.append(
            "Signs of memorised training images: one training image is much nearer than the next nearest, "
            f"more so for {'samples' if many else 'some samples'} than for real images held out."
        )
    elif not copies:
        lines.append(f"No sign of memorised training images in these {count} samples.")
    lines += [_told(each) for each in comparisons]
    tending = [f"{each.measure} {each.quantity}" for each in comparisons if each.p < level]
    if tending and not (copies or few or many):
        lines.append(
            f"Samples tend to a smaller {' and '.join(tending)} than held-outs. So do blurred images, and "
            "those of the most common kind; it is no sign of copies unless both measures' ratios agree."
        )
    if standing_out:
        lines.append(f"{standing_out} of {count} samples stand out: look at the top of sheet.png.")
    signs = bool(copies) or few or many
    limits = _limits(count, comparisons[0].held_outs, flip_vertical=flip_vertical)
    return Verdict(signs, copies, "\n".join(lines), limits)


def _told(each: Comparison) -> str:
    what = f"{each.measure} {each.quantity}"
    held_out = "any held-out" if each.rank == 1 else f"all but {each.rank - 1} of the held-outs"
    return (
        f"- {what}: smaller for a sample than for a held-out real in {each.probability:.0%} of pairs "
        f"({_p(each.p)}); {each.below} of {each.samples} samples smaller than {held_out}, where chance gives "
        f"{each.expected:.1f} ({_p(each.p_below)})"
    )


def _p(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def _limits(samples: int, held_outs: int, *, flip_vertical: bool) -> str:
    flips = ", top to bottom or both ways" if flip_vertical else ""
    missed = "turned by other angles than 180 degrees" if flip_vertical else "upside down, turned"
    rarest = 1 / (1 - LEVEL ** (1 / samples))
    return (
        f"Limits: {samples} samples miss with a chance of {LEVEL:.0%} copies that are one sample in "
        f"{rarest:.0f}, and all rarer ones more often. The measures see copies of whole images, mirrored "
        f"left to right{flips}, shifted a little, or in other light; not copied parts, nor copies {missed} "
        "or much enlarged. "
        f"The {held_outs} held-outs are compared with a dataset that lacks the images of their own lesion, "
        "samples with all of it. Near-duplicates under different lesion ids, or without any, make "
        "held-outs look near and hide copies. The tests take images for independent of each other. "
        "Nothing here can prove that nothing was memorised."
    )
