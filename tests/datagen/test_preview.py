"""The contact sheet shows the samples that a run would write."""

import numpy as np
import pytest

from ocrdata.datagen.preview import preview
from ocrdata.datagen.synth import prepare
from ocrdata.errors import UserError


def test_the_sheet_holds_the_first_samples_and_their_labels(make_recipe):
    recipe = make_recipe()
    sheet = preview(recipe, 30)
    _, picture, _ = next(prepare(recipe).engine.pictures(np.arange(1)))
    height, width = picture.shape[:2]
    assert (sheet[8 : 8 + height, 8 : 8 + width] == picture).all()
    assert (sheet[8 + height : 8 + height + 20, 8 : 8 + width] < 128).any()
    assert sheet.shape[1] == 1200 and (sheet[:, :8] == 255).all()


def test_zero_samples_are_refused(make_recipe):
    with pytest.raises(UserError, match="1 or more"):
        preview(make_recipe(), 0)
