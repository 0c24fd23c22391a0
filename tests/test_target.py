from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from colab_save.errors import TargetError
from colab_save.target import LONGEST_NAME, Target, check_tag, is_path, last_part

texts = st.text(max_size=20) | st.text("ab.@/\\~:\0 -_+é", max_size=8)


@given(texts)
@example("cats@")
@example("@best")
@example("a@b@c")
@example("\ud800")
@example("cats\n")
def test_any_text_is_a_target_or_a_target_error(text):
    try:
        target = Target.parse(text)
    except TargetError:
        return
    assert bool(target.name) is not bool(target.path)


@given(texts)
def test_an_accepted_name_stays_in_its_store(text):
    try:
        name = Target.parse(text).name
    except TargetError:
        return
    assert not set(name) & set("/\\\0:@")
    assert name not in {".", ".."}
    assert not name.startswith(".")


@given(texts)
def test_an_accepted_target_means_the_same_when_it_is_typed_as_it_is_shown(text):
    try:
        target = Target.parse(text)
    except TargetError:
        return
    assert target == Target.parse(str(target))


@given(st.text(max_size=12) | st.text("ab1.h5 keras_-+TZ2", max_size=8))
def test_an_accepted_tag_is_found_behind_a_name(tag):
    try:
        check_tag(tag)
    except TargetError:
        return
    assert Target(name="cats", selector=tag) == Target.parse(f"cats@{tag}")


@pytest.mark.parametrize("text", ["cats", "Cats 2", "résumé", "模型", "v1.2", "a+b-c_d", "7", "x" * LONGEST_NAME])
def test_a_name(text):
    assert Target(name=text) == Target.parse(text)


@pytest.mark.parametrize("selector", ["best", "20260822", "20260822T101530Z-3fa2", "latest", "v1.2", "模型", "my best"])
def test_a_selector(selector):
    assert Target("cats", selector) == Target.parse(f"cats@{selector}")


@pytest.mark.parametrize(
    "text",
    [
        "./cats",
        "../cats",
        "~/cats",
        "/content/cats",
        "a/b",
        "a\\b",
        ".hidden",
        "cats.keras",
        "cats.H5",
        "cats.weights.h5",
        "s3://bucket/cats",
        "gs://b/c@d",
        "drive:models/cats",
        "cats@home.keras",
        "..",
        ".",
        "~",
    ],
)
def test_a_path_stays_as_it_was_typed(text):
    assert Target(path=text) == Target.parse(text)


def test_spaces_around_a_target_do_not_count():
    assert Target("cats", "best") == Target.parse("  cats@best \n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.weights.h5", "weights"),
        ("a.h5", "h5"),
        ("a.hdf5", "h5"),
        ("./a.TFLITE", "litert"),
        ("a.keras", "keras"),
        ("A.KERAS", "keras"),
        ("net.onnx", "onnx"),
        ("./a", None),
        ("./a.keras/b", None),
        ("cats", None),
    ],
)
def test_the_suffix_of_a_path_names_the_format(text, expected):
    assert expected == Target.parse(text).format


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "@best",
        "cats@",
        "cats@@best",
        "cats@a b@c",
        "cats@ best",
        "-cats",
        "_cats",
        " @x",
        "cats.",
        "a:b",
        "a*b",
        "a?b",
        "a|b",
        'a"b',
        "a<b",
        "a\tb",
        "a\nb",
        "drive:cats",
        "\u202ecats",
        "a/\0b",
        "cats @best",
    ],
)
def test_a_name_that_no_folder_can_have_is_refused(text):
    with pytest.raises(TargetError):
        Target.parse(text)


def test_a_long_name_is_measured_in_bytes():
    with pytest.raises(TargetError, match=f"{LONGEST_NAME + 3} bytes"):
        Target.parse("模" * (LONGEST_NAME // 3 + 1))


@pytest.mark.parametrize("value", [None, 7, b"cats", Path("cats"), ["cats"], object()])
def test_a_target_that_is_not_a_text_is_refused_with_its_type(value):
    with pytest.raises(TargetError, match=type(value).__name__):
        Target.parse(value)


@pytest.mark.parametrize(
    "tag", ["latest", "2", "2026", "20260822", "20260822T10", "20260822T101530Z-", "a.keras", "a/b", ""]
)
def test_a_tag_that_means_something_else_behind_a_name_is_refused(tag):
    with pytest.raises(TargetError):
        check_tag(tag)


@pytest.mark.parametrize("tag", ["best", "v2", "my best", "5epochs", "2nd", "T1000"])
def test_a_tag(tag):
    check_tag(tag)
    assert tag == Target.parse(f"cats@{tag}").selector


@pytest.mark.parametrize(
    ("path", "expected"), [("a/b.keras", "b.keras"), ("a\\b", "b"), ("s3://x/y/", "y"), ("b", "b"), ("/", "")]
)
def test_the_last_part_of_a_path(path, expected):
    assert expected == last_part(path)


@given(st.text("abc123", min_size=1, max_size=10))
def test_plain_words_are_names(text):
    assert not is_path(text)
