"""The architecture of a model as a picture, from facts alone; no TensorFlow."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.facts import LayerFacts, ModelFacts, TensorFacts, VariableFacts
from colab_save.reports.card import Card
from colab_save.reports.drawing.folding import MOST, SHOWN, fold
from colab_save.reports.drawing.labels import label_of
from colab_save.reports.drawing.layering import arrange
from colab_save.reports.drawing.picture import draw, draw_all
from colab_save.reports.glance import at_a_glance
from colab_save.reports.layer_tree import LayerTree

HOSTILE = ["<script>", '"><img src=x onerror=1>', "</svg></style>", "&lt;", "a\nb<i>c", "\x1b[2J", "ـ" * 5000]


def layer(path, class_name="Dense", inputs=(), **known):
    return LayerFacts(path, class_name, inputs=tuple(inputs), **known)


def weight(path, *shape, trainable=True):
    return VariableFacts(path, shape, "float32", trainable, "0" * 64)


def model(*layers, class_name="Functional", variables=(), **known):
    root = LayerFacts("", class_name)
    return ModelFacts("keras", f"keras.{class_name}", tuple(variables), layers=(root, *layers), **known)


def chain(*classes, class_name="Sequential"):
    """A model whose layers feed each other in a line; each has as many parameters as its number."""
    paths = [f"{name.lower()}_{at}" for at, name in enumerate(classes)]
    layers = [
        layer(path, name, paths[max(at - 1, 0) : at])
        for at, (path, name) in enumerate(zip(paths, classes, strict=True))
    ]
    variables = [weight(f"{path}/w", at) for at, path in enumerate(paths)]
    return model(*layers, class_name=class_name, variables=variables)


def graph(feeds, names="abcdefgh"):
    """A model from the numbers of the layers that feed each."""
    paths = [f"c{names[at % len(names)]}_{at}" for at in range(len(feeds))]
    layers = [
        layer(path, path.rpartition("_")[0].title(), [paths[i] for i in found])
        for path, found in zip(paths, feeds, strict=True)
    ]
    return model(*layers, variables=[weight(f"{path}/w", 1) for path in paths])


def folded(facts):
    return fold(LayerTree.of(facts))


def titles(facts):
    tree = LayerTree.of(facts)
    return [" ".join(label_of(box, tree).titles) for box in fold(tree).boxes]


class Page(HTMLParser):
    """Reads a picture as a browser would: its elements, its attributes, and how it is closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes |= {(tag, name) for name, _ in attributes}
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert tag == self.open.pop()


def boxes_in(html):
    return html.count('<g class="box')


dags = st.integers(1, 60).flatmap(
    lambda size: st.tuples(
        *(st.sets(st.integers(0, at - 1), max_size=3) if at else st.just(set()) for at in range(size))
    )
)


def test_a_small_model_is_shown_as_it_is():
    assert ["Conv2D", "BatchNorm", "Dense"] == titles(chain("Conv2D", "BatchNormalization", "Dense"))


def test_blocks_that_come_again_are_one_block_in_a_frame():
    diagram = folded(chain("Flatten", *["Conv2D", "BatchNormalization", "ReLU"] * 16, "Dense"))
    assert (5, ((1, 3, 16),)) == (len(diagram.boxes), diagram.frames)


def test_one_layer_that_comes_again_says_how_often():
    assert ["Flatten", "Dense \N{MULTIPLICATION SIGN}20", "Softmax"] == titles(
        chain("Flatten", *["Dense"] * 20, "Softmax")
    )


def test_blocks_with_a_shortcut_are_found_in_a_graph():
    feeds, last = [()], 0
    for _ in range(12):
        first = len(feeds)
        feeds += [(last,), (first,), (first + 1, last)]
        last = first + 2
    layers = [
        layer(f"l{at}", ["Add", "Conv2D", "ReLU"][at % 3], [f"l{i}" for i in found]) for at, found in enumerate(feeds)
    ]
    assert [12] == [times for _, _, times in folded(model(*layers)).frames]


def test_a_line_that_is_too_long_becomes_few_boxes_with_their_classes():
    names = [f"Class{at}" for at in range(100)]
    assert [12] * 8 + [4] == [len(box.layers) for box in folded(chain(*names)).boxes]
    assert "Class96 → Class97 → Class98 → Class99" == titles(chain(*names))[-1]


def test_a_box_of_many_classes_counts_those_that_it_does_not_name():
    names = [f"AQuiteLongNameOfAClass{at}" for at in range(41)]
    assert f"{' → '.join(names[:4])} → … 8 more" == titles(chain(*names))[0]


def test_the_boxes_of_parallel_branches_say_what_is_in_them():
    feeds = [(), *[(0,)] * 60, tuple(range(1, 61))]
    assert ["Ca", "60 layers", "Cf"] == [name.split(" Cb")[0] for name in titles(graph(feeds, "abcdefgh"))]


@given(dags)
def test_every_parameter_is_in_exactly_one_box(feeds):
    facts = graph(feeds, "ab")
    assert facts.parameters == sum(box.parameters for box in folded(facts).boxes)


@given(dags)
def test_whatever_the_graph_is_there_are_few_boxes_and_lines_that_lead_down(feeds):
    diagram = folded(graph(feeds, "ab"))
    assert len(diagram.boxes) <= max(MOST, SHOWN)
    assert [] == [edge for edge in diagram.edges if not 0 <= edge[0] < edge[1] < len(diagram.boxes)]


@given(dags.filter(lambda feeds: len(feeds) <= 40), st.integers(10, 200))
def test_no_two_boxes_cover_each_other_and_every_line_leads_down(feeds, width):
    edges = [(source, target) for target, found in enumerate(feeds) for source in sorted(found)]
    layout = arrange([(float(width), 30.0)] * len(feeds), edges)
    boxes = layout.spots[: len(feeds)]
    apart = (
        abs(a.x - b.x) > (a.width + b.width) / 2 or a.bottom < b.y or b.bottom < a.y
        for a, b in itertools.combinations(boxes, 2)
    )
    assert all(apart)
    assert [] == [edge for edge in edges if boxes[edge[0]].bottom >= boxes[edge[1]].y]
    assert all(-1e-6 <= box.x - box.width / 2 and box.x + box.width / 2 <= layout.width + 1e-6 for box in boxes)


def test_a_straight_line_of_boxes_is_straight():
    assert 1 == len({spot.x for spot in arrange([(50, 10), (90, 10), (20, 10)], [(0, 1), (1, 2)]).spots})


def test_branches_do_not_cross_when_they_need_not():
    layout = arrange([(10, 10)] * 5, [(0, 1), (0, 2), (1, 4), (2, 3)])
    assert (layout.spots[1].x < layout.spots[2].x) == (layout.spots[4].x < layout.spots[3].x)


def test_layers_that_feed_each_other_in_a_ring_are_cut_open():
    ring = [layer(f"l{at}", "Dense", [f"l{(at + 1) % 5}"]) for at in range(5)]
    assert (5, 4) == (len(folded(model(*ring)).boxes), len(folded(model(*ring)).edges))


@pytest.mark.parametrize(
    "feed",
    [
        lambda at: [f"l{(at + 1) % 10_000}"],
        lambda at: [f"l{at - 1}", f"l{at - 7}", f"l{at - 100}"],
    ],
    ids=["a ring", "many lines"],
)
def test_ten_thousand_layers_are_drawn_small(feed):
    facts = model(*(layer(f"l{at}", f"C{at % 7}", feed(at)) for at in range(10_000)))
    assert len(draw(facts).html) < 40_000


def test_very_many_edges_end_in_few_lines():
    diagram = folded(model(*(layer(f"l{at}", f"C{at}", [f"l{i}" for i in range(at)]) for at in range(40))))
    assert len(diagram.edges) <= 3 * MOST


def test_very_deep_paths_are_drawn_small():
    facts = model(*(layer("/".join("a" * at), "C") for at in range(1, 1000)), custom=("C",))
    assert len(draw(facts).html) < 40_000


def test_a_sequential_begins_with_its_input():
    facts = model(
        layer("dense"), class_name="Sequential", inputs=(TensorFacts("keras_tensor_3", (None, 4), "float32"),)
    )
    assert ["Input", "Dense"] == titles(facts)


def test_a_box_says_name_shape_parameters_and_what_is_frozen():
    facts = model(
        layer("image", "InputLayer", shape=(None, 32, 32, 3)),
        layer("head", "Dense", ["image"], shape=(None, None, 10), trainable=False),
        variables=[weight("head/kernel", 3, 1000, trainable=False)],
    )
    tree = LayerTree.of(facts)
    said = [label_of(box, tree) for box in fold(tree).boxes]
    assert [("image: Input", "32×32×3"), ("head: Dense", "?×10 · 3k params · frozen")] == [  # noqa: RUF001
        (label.titles[0], label.detail) for label in said
    ]


def test_an_activation_is_named_by_its_function():
    assert ["relu"] == titles(
        model(layer("activation_2", "Activation", arguments={"activation": "relu"}), class_name="Sequential")
    )


def nested():
    inside = [layer("encoder/conv2d", "Conv2D"), layer("encoder/dense", "Dense", ["encoder/conv2d"])]
    top = [layer("input_layer", "InputLayer"), layer("encoder", "Sequential", ["input_layer"]), *inside]
    return model(*top, layer("dense", "Dense", ["encoder"]))


def test_a_model_in_the_model_is_one_box_and_has_a_picture_of_its_own():
    html = draw(nested()).html
    assert ["Input", "encoder: Sequential", "Dense"] == titles(nested())
    assert (2, 5) == (html.count("<svg"), boxes_in(html))


def test_models_that_are_alike_are_drawn_once():
    parts = [
        part
        for at in range(9)
        for part in (layer(f"b{at}", "Sequential"), layer(f"b{at}/x"), layer(f"b{at}/y", "Dense", [f"b{at}/x"]))
    ]
    assert 1 == draw(model(*parts, class_name="Mine")).html.count("<svg")


def test_a_subclassed_model_has_its_layers_and_no_arrows():
    blocks = [part for at in range(6) for part in (layer(f"blocks/{at}", "Block"), layer(f"blocks/{at}/dense"))]
    html = draw(model(*blocks, layer("head"), class_name="Mine", custom=("Block",))).html
    assert ["ul", "li", "li", "li"] == [tag for tag in Page(html).tags if tag in {"ul", "li", "svg", "path"}]
    assert "\N{MULTIPLICATION SIGN}6 · blocks/0 · 1 layer in it" in html


def test_several_models_are_drawn_under_their_names():
    html = draw_all({"one": chain("Dense"), "two <b>": chain("Flatten"), "empty": ModelFacts("module", "Counter")}).html
    assert ["one", "two &lt;b&gt;"] == re.findall('<div class="soft">([^<]*)</div>', html)
    assert 2 == html.count("<svg")


def test_models_that_have_no_layers_are_not_drawn():
    assert draw_all({"one": ModelFacts("module", "Counter")}) is None


def test_a_model_without_layers_has_no_picture():
    assert [None, None] == [draw(ModelFacts("module", "Counter")), draw(model())]


def test_a_small_picture_is_shown_unfolded_and_a_large_one_is_folded():
    small, large = draw(chain("Flatten", "Dense")), draw(chain(*(f"C{at}" for at in range(12))))
    assert ('<details class="picture" open>' in Card("a", "", picture=small).to_html()) is True
    assert ('<details class="picture" open>' in Card("a", "", picture=large).to_html()) is False


def test_a_picture_says_in_words_what_it_shows():
    html = draw(graph([(), (0,), (0,), (1, 2)])).html
    assert '<svg role="img"' in html
    assert (
        "<title>Architecture of Functional</title><desc>Ca; Cb after Ca; Cc after Ca; Cd after Cb and Cc</desc>" in html
    )


def everything(text):
    """Facts with one text in every place that holds one, and every kind of drawing."""
    repeated = [layer(f"r{at}", "ABC"[at % 3], [f"r{at - 1}"], dtype=text) for at in range(60)]
    bundle = [layer(f"p{at}", text, ["r59"]) for at in range(40)]
    top = [
        layer(text or "t", text, [text], arguments={"activation": text}),
        layer("n", text, ["t"]),
        layer("n/a", text),
    ]
    inside = [layer("n/b", text, ["n/a"], trainable=False), layer("i", "InputLayer"), layer("m", "Sequential")]
    inputs = (TensorFacts(text, (None, 3), text),)
    return model(
        *top, *inside, *repeated, *bundle, inputs=inputs, outputs=inputs, custom=(text,), compiled={"optimizer": text}
    )


def pages(facts):
    """The picture of a graph, and of the same layers in a class of the user's own."""
    plain = model(*facts.layers[1:3], class_name="Mine", custom=facts.custom)
    return draw(facts).html + draw(plain).html if plain.layers[1].inputs != ("",) else draw(facts).html


@given(st.text(max_size=50) | st.sampled_from(HOSTILE))
def test_no_text_of_anyone_adds_an_element_or_an_attribute(text):
    page, plain = (
        Page(pages(everything(text))),
        Page(pages(everything("a")) + pages(nested()) + pages(everything("a/b"))),
    )
    assert (set(), set()) == (set(page.tags) - set(plain.tags), page.attributes - plain.attributes)
    assert [] == page.open


@given(st.text(max_size=50) | st.sampled_from(HOSTILE))
def test_no_text_of_anyone_makes_a_long_line(text):
    facts = everything(text)
    assert [] == [said for _, said in at_a_glance(facts) if len(said) > 1000]
    assert [] == [line for line in re.findall(r"<text[^>]*>([^<]*)<", draw(facts).html) if len(line) > 600]


def test_a_model_at_a_glance():
    facts = model(
        layer("dense", dtype="mixed_float16"),
        variables=[weight("dense/kernel", 1000, 10), weight("dense/mean", 5, trainable=False)],
        iterations=40,
        compiled={"optimizer": {"class_name": "Adam"}},
        inputs=tuple(TensorFacts(f"x{at}", (None, 3), "int32") for at in range(8)),
        outputs=(TensorFacts("score", (None,), "float32"),),
    )
    assert [
        ("model", "Functional, 1 layer, 10,005 parameters (5 of them not trainable)"),
        ("precision", "float32 (1); mixed_float16 (1)"),
        ("inputs", "; ".join([*(f"x{at}: int32 [None, 3]" for at in range(6)), "and 2 more"])),
        ("outputs", "score: float32 [None]"),
        ("optimizer", "Adam, 40 steps taken"),
    ] == list(at_a_glance(facts))


def test_a_module_at_a_glance():
    assert [("model", "Counter, 3 parameters")] == list(
        at_a_glance(ModelFacts("module", "my.Counter", (weight("w", 3),)))
    )


@pytest.mark.parametrize("shape", [(-1,), (2**63,), (1,) * 255])
def test_a_variable_with_a_shape_that_none_can_have_is_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        weight("w", *shape)
