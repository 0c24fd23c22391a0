"""The panel offers the model that was trained last."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from colab_save.widgets.training import Trained, steps_of

TRAIN = "{0} = Model(); {0}.optimizer = types.SimpleNamespace(iterations=np.array({1}))"


def model(steps):
    return SimpleNamespace(optimizer=SimpleNamespace(iterations=np.array(steps)))


def test_of_models_that_were_trained_before_the_one_defined_last_counts():
    trained = Trained()
    assert (True, "b") == (trained.look({"a": model(3), "b": model(1), "c": model(0)}), trained.name)


def test_the_model_that_has_taken_steps_since_is_the_last():
    trained, first, second = Trained(), model(3), model(1)
    trained.look({"a": first, "b": second})
    first.optimizer.iterations += 1
    assert (True, "a") == (trained.look({"a": first, "b": second}), trained.name)
    assert (False, "a") == (trained.look({"a": first, "b": second}), trained.name)


def test_a_model_that_is_bound_to_a_name_again_is_new():
    trained, models = Trained(), {"a": model(3), "b": model(3)}
    trained.look(models)
    assert (True, "a") == (trained.look({**models, "a": model(3)}), trained.name)


def test_a_model_that_is_gone_is_not_the_last():
    trained = Trained()
    trained.look({"a": model(3)})
    assert (False, None) == (trained.look({}), trained.name)


def test_a_model_whose_optimizer_raises_has_taken_no_step():
    class Odd:
        @property
        def optimizer(self):
            raise RuntimeError("odd")

    assert (0, 0) == (steps_of(Odd()), steps_of(object()))


def run(shell, name, steps):
    shell.run_cell("import types; import numpy as np")
    shell.run_cell(TRAIN.format(name, steps))


def test_the_model_that_was_trained_last_is_picked_and_says_so(panel, shell):
    tab = panel.save
    run(shell, "cats", 3)
    run(shell, "dogs", 0)
    assert "cats" == tab.model.value
    assert ["cats"] == [name for label, name in tab.model.options if label.endswith(", trained last")]


def test_a_model_that_was_picked_by_hand_stays_until_another_is_trained(panel, shell):
    tab = panel.save
    run(shell, "cats", 3)
    tab.model.value = "net"
    shell.run_cell("1")
    assert "net" == tab.model.value
    run(shell, "dogs", 2)
    assert "dogs" == tab.model.value


def test_a_name_that_was_typed_for_another_model_goes(panel, shell):
    tab = panel.save
    tab.name.value = "of the net"
    run(shell, "cats", 3)
    assert ("cats", "") == (tab.model.value, tab.name.value)
