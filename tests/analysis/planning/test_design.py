"""What cannot be planned is refused, with the name of what is wrong."""

import pytest

from backend.analysis.planning.design import Design


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"raters": (1, 3)}, "raters must be rising numbers from 2 on, not 1, 3"),
        ({"raters": (5, 3)}, "raters must be rising"),
        ({"images": (40, 40)}, "images must be rising"),
        ({"images": ()}, "images must be rising"),
        ({"raters": (2000,), "images": (2000,)}, "raters times images"),
        ({"tpr": 1.0}, "tpr must lie between 0 and 1, not 1"),
        ({"tnr": float("nan")}, "tnr must lie between 0 and 1, not nan"),
        ({"alpha": 0.5}, "alpha must lie between 0 and 0.5"),
        ({"margin": 0.0}, "margin must lie between 0 and 0.5"),
        (
            {"margin": 0.1, "equivalence_accuracy": 0.6},
            "equivalence_accuracy 0.6 lies outside the margin 0.1",
        ),
        ({"power": 80}, "power must lie between 0 and 1, not 80"),
        ({"width": -0.1}, "width must lie between 0 and 1"),
        ({"rater_sd": -0.1}, "rater_sd must be from 0 to 3, not -0.1"),
        ({"image_sd": float("nan")}, "image_sd must be from 0 to 3"),
        ({"fakes_share": 1.1}, "fakes_share must be from 0 to 1"),
        ({"images": (20, 24), "fakes_share": 0.05}, "fakes_share 0.05 makes 1 of 20 images fakes"),
        ({"fakes_share": 0, "measure": "balanced_accuracy"}, "fakes_share 0 makes 0 of 40 images fakes"),
        ({"measure": "auc"}, "measure must be accuracy or balanced_accuracy, not auc"),
        ({"simulations": 10}, "simulations must be from 100"),
    ],
)
def test_nonsense_is_refused(given, message):
    with pytest.raises(ValueError) as caught:
        Design(**given)
    assert str(caught.value).startswith(message)


def test_edges_that_make_sense_are_taken():
    assert Design(rater_sd=0, image_sd=0, fakes_share=0).fakes(80) == 0
    assert Design(fakes_share=1).fakes(80) == 80
    assert Design().fakes(80) == 30
    assert Design(fakes_share=0.375, tpr=0.7, tnr=0.3).truth(80) == pytest.approx(0.55)
    assert Design(measure="balanced_accuracy", tpr=0.7, tnr=0.3).truth(80) == pytest.approx(0.5)
    assert Design(equivalence_accuracy=0.9).margin is None
