"""Objects of scikit-learn, tokenizers and Keras beside a model come back; what is missing for that is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from colab_save.artifact.collection import TREE, compare_collections
from colab_save.collections.extras import Extras, find_extras, prove_extras, put_back, read_extras, write_extras
from colab_save.collections.kinds import of_sklearn
from colab_save.errors import RequestError

ROWS = np.random.default_rng(0).random((40, 3))
NAMES = np.array(["cat", "dog"] * 20, dtype=object)


def estimators():
    """Fitted objects of scikit-learn as notebooks have them, by name."""
    pytest.importorskip("skops")
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, LabelEncoder, MinMaxScaler, OneHotEncoder, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    steps = [("n", make_pipeline(SimpleImputer(), MinMaxScaler()), [0, 1]), ("f", FunctionTransformer(np.log1p), [2])]
    state = np.random.RandomState(0)
    return {
        "labels": LabelEncoder().fit(NAMES),
        "scaler": StandardScaler().fit(ROWS),
        "unfitted": StandardScaler(),
        "one_hot": OneHotEncoder(handle_unknown="ignore").fit(NAMES[:, None]),
        "columns": ColumnTransformer(steps).fit(ROWS),
        "words": TfidfVectorizer(stop_words=["a", "bb", "the"]).fit(["the cat", "a dog"]),
        "forest": RandomForestClassifier(3, random_state=0).fit(ROWS, NAMES),
        "boosted": GradientBoostingClassifier(n_estimators=3, random_state=state).fit(ROWS, NAMES),
        "search": GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, cv=2).fit(ROWS, NAMES),
    }


def come_back(folder, **values):
    write_extras(folder / "extras", find_extras(list(values), None, values))
    prove_extras(None, folder / "extras")
    return read_extras(folder / "extras", is_trusted=True).values


def test_objects_of_scikit_learn_come_back(tmp_path):
    before = estimators()
    back = come_back(tmp_path, **before)
    assert {name: type(each) for name, each in before.items()} == {name: type(each) for name, each in back.items()}
    assert list(before["labels"].classes_) == list(back["labels"].classes_)
    assert before["words"].vocabulary_ == back["words"].vocabulary_
    for name in ("scaler", "columns"):
        assert np.array_equal(before[name].transform(ROWS), back[name].transform(ROWS))
    for name in ("forest", "boosted", "search"):
        assert np.array_equal(before[name].predict_proba(ROWS), back[name].predict_proba(ROWS))


def held_secrets():
    """Values that hold what looks like a token in the bytes that their package writes."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import LabelEncoder
    from tokenizers import Tokenizer, models

    token = "hf_" + "aBcD1234eFgH5678iJkL9012mNoP3456qR"
    return {
        "labels": LabelEncoder().fit(["cat", token]),
        "words": TfidfVectorizer(lowercase=False, stop_words=[token]).fit(["the cat"]),
        "tokenizer": Tokenizer(models.WordLevel({"the": 0, token: 1}, unk_token="the")),
    }


@pytest.mark.parametrize("name", ["labels", "words", "tokenizer"])
def test_a_secret_in_what_another_package_writes_is_refused(name):
    pytest.importorskip("skops")
    with pytest.raises(RequestError, match="looks like a secret"):
        find_extras([name], None, {name: held_secrets()[name]})


PROVE = """
import sys
from pathlib import Path
from colab_save.collections.extras import prove_extras
prove_extras(None, Path(sys.argv[1]))
"""


def test_another_process_writes_the_same_of_them(tmp_path):
    values = estimators()
    write_extras(tmp_path / "extras", find_extras(list(values), None, values))
    root = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-c", PROVE, str(tmp_path / "extras")], check=True, cwd=root)


def test_an_object_that_became_another_is_a_gap():
    before, after = estimators(), estimators()
    after["labels"].classes_ = after["labels"].classes_[::-1].copy()
    after["scaler"].mean_[0] += 1e-9
    after["forest"].estimators_.pop()
    after["search"].best_estimator_.max_depth = 3
    for name in ("labels", "scaler", "forest", "search"):
        assert compare_collections(*(Extras({}, {"x": each[name]}).collection for each in (before, after))), name
    assert not compare_collections(*(Extras({}, {"x": each["one_hot"]}).collection for each in (before, after)))


def test_an_object_of_scikit_learn_comes_back_from_a_trusted_file_only(tmp_path):
    write_extras(
        tmp_path / "extras", find_extras(["labels", "one"], None, {"labels": estimators()["labels"], "one": 1})
    )
    extras = read_extras(tmp_path / "extras")
    assert {"one": 1} == extras.values
    assert "The extra labels did not come back: A sklearn.preprocessing._label.LabelEncoder" in extras.withheld[0]
    assert "{option:trust}" in extras.withheld[0]


def shout(value):
    return value


def test_a_function_of_the_notebook_in_an_object_of_scikit_learn_is_named():
    pytest.importorskip("skops")
    from sklearn.preprocessing import FunctionTransformer

    with pytest.raises(RequestError, match=r"shout, which is defined in the notebook"):
        find_extras(["step"], None, {"step": FunctionTransformer(shout)})


def test_without_skops_the_error_says_what_to_install(monkeypatch):
    values = estimators()
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(RequestError, match="skops, which is not installed") as caught:
        find_extras(["scaler"], None, values)
    assert "{pip:colab_save%5Bsklearn%5D}" in caught.value.references[1] or "sklearn" in caught.value.hint


def test_a_value_of_a_package_that_is_not_installed_is_left_out_with_what_to_install(tmp_path, monkeypatch):
    pd = pytest.importorskip("pandas")
    values = {"frame": pd.DataFrame({"a": [1]}), "threshold": 0.5}
    write_extras(tmp_path / "extras", find_extras(list(values), None, values))
    monkeypatch.setitem(sys.modules, "pandas", None)
    extras = read_extras(tmp_path / "extras")
    assert {"threshold": 0.5} == extras.values
    expected = "pandas.DataFrame needs pandas, which is not installed. Install it: {pip:pandas}."
    assert (f"The extra frame did not come back: {expected}",) == extras.withheld


def test_files_of_an_archive_hold_nothing_but_their_values():
    files = of_sklearn._numbered(of_sklearn._archive_of(estimators()["forest"]))
    again = of_sklearn._numbered(of_sklearn._archive_of(estimators()["forest"]))
    assert files == again


def test_a_schema_that_is_none_is_withheld(tmp_path):
    write_extras(tmp_path / "extras", find_extras(["labels"], None, {"labels": estimators()["labels"]}))
    file = tmp_path / "extras" / TREE
    file.write_text(file.read_text("utf-8").replace('"names"', '"nomen"'), "utf-8")
    assert json.loads(file.read_text("utf-8"))
    assert "sklearn.object could not be rebuilt" in read_extras(tmp_path / "extras", is_trusted=True).withheld[0]


def tokenizer():
    """A small trained tokenizer."""
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    how = tokenizers.trainers.BpeTrainer(special_tokens=["[UNK]"], show_progress=False)
    made.train_from_iterator(["hello world", "hi there"], how)
    made.enable_padding(length=4)
    return made


def test_a_tokenizer_comes_back(tmp_path):
    made = tokenizer()
    back = come_back(tmp_path, words=made)["words"]
    assert type(made) is type(back)
    assert made.encode("hello there").ids == back.encode("hello there").ids


def test_a_tokenizer_that_became_another_is_a_gap():
    one, other = tokenizer(), tokenizer()
    other.no_padding()
    assert compare_collections(*(Extras({}, {"x": each}).collection for each in (one, other)))


@pytest.mark.tensorflow
def test_what_a_training_returned_comes_back_with_the_model_that_it_is_saved_with(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    history = model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, verbose=0)
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    variables = {"history": history, "alone": keras.callbacks.History()}
    write_extras(tmp_path / "extras", find_extras(["history", "alone"], model, variables))
    prove_extras(other, tmp_path / "extras")
    extras = read_extras(tmp_path / "extras")
    put_back(other, extras)
    back = extras.variables["history"]
    assert (history.history, history.params, history.epoch) == (back.history, back.params, back.epoch)
    assert [other, None] == [each.model for each in (back, extras.variables["alone"])]


@pytest.mark.tensorflow
def test_a_history_that_became_another_is_a_gap():
    import keras

    one, other = keras.callbacks.History(), keras.callbacks.History()
    one.history, other.history = {"loss": [0.5]}, {"loss": [0.5, 0.25]}
    assert compare_collections(*(Extras({}, {"x": each}).collection for each in (one, other)))
