"""The terminal command: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from colab_save import __version__, save_model
from colab_save.artifact.manifest import Part, Payload
from colab_save.artifact.round_trip import Outcome
from colab_save.frontends.actions import commands
from colab_save.frontends.files import Written
from colab_save.frontends.terminal import exit_code, json_text, main, number, pair
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.request.option import Syntax
from colab_save.stores.base import UploadState
from colab_save.stores.opening import open_store
from tests.making import V1, V2, V3, facts, manifest, passed, save_version


def run(*arguments, **variables):
    """Run the command as a terminal does."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **variables}
    command = [sys.executable, "-m", "colab_save", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert 0 == ended.value.code
    assert f"colab_save {__version__}\n" == capsys.readouterr().out


@pytest.mark.parametrize("command", commands())
def test_each_command_explains_itself(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert 0 == ended.value.code
    assert f"usage: colab-save {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["save"],
        ["load", "cats"],
        ["verify"],
        ["compare", "cats"],
        ["tag"],
        ["list", "--form", "x"],
        ["save", "cats.keras", "--rtol", "tiny"],
        ["save", "cats.keras", "--rtol", "True"],
        ["save", "cats.keras", "--metric", "0.93"],
        ["save", "cats.keras", "--sample", "x"],
        ["save", "cats.keras", "--extra", "x"],
        ["load", "cats", "cats.keras", "--into", "x"],
        ["verify", "cats", "--no-verify"],
    ],
)
def test_a_wrong_word_is_an_error_and_a_hint_and_ends_with_2(capsys, arguments):
    assert 2 == main(arguments)
    printed = capsys.readouterr()
    first, second = printed.err.splitlines()
    assert ("", True, True) == (printed.out, "Error: " in first, second.startswith("Hint: "))


@pytest.mark.parametrize(
    ("arguments", "first", "second"),
    [
        (["lst"], "There is no command 'lst'.", "Did you mean 'list'?"),
        (["list", "--jsn"], "colab-save list has no option '--jsn'.", "Did you mean '--json'?"),
        (["verify", "cats", "--trst"], "colab-save verify has no option '--trst'.", "Did you mean '--trust'?"),
        (
            ["save", "cats.keras", "--keep", "abc"],
            "colab-save save: --keep: 'abc' is not a number.",
            "colab-save save --help explains every option.",
        ),
        (
            ["load", "cats"],
            "colab-save load: PATH is missing.",
            "colab-save load --help explains every option.",
        ),
        (
            ["compare"],
            "colab-save compare: FIRST, SECOND are missing.",
            "colab-save compare --help explains every option.",
        ),
        (["list", "--from"], "colab-save list: --from needs a value.", "colab-save list --help explains every option."),
        (
            ["verify", "cats", "--trust=x"],
            "colab-save verify: --trust takes no value.",
            "colab-save verify --help explains every option.",
        ),
        (
            ["verify", "cats", "dogs"],
            "colab-save verify: unexpected argument 'dogs'.",
            "Put a text with spaces in quotes; colab-save verify --help shows what may follow.",
        ),
    ],
)
def test_a_misspelt_word_is_named_with_what_was_meant(capsys, arguments, first, second):
    main(arguments)
    message, hint = capsys.readouterr().err.splitlines()
    assert (first, f"Hint: {second}") == (message.partition("Error: ")[2], hint)


@pytest.mark.parametrize("arguments", [["verify", "cats"], ["verify", "cats", "--from", "nowhere"], ["verify", "/"]])
def test_an_error_is_a_line_and_a_hint_and_ends_with_1(capsys, arguments):
    assert 1 == main(arguments)
    printed = capsys.readouterr()
    first, second = printed.err.splitlines()
    assert ("", True, True) == (printed.out, "Error: " in first, second.startswith("Hint: "))


def test_a_terminal_gets_the_same():
    ended = run("verify", "cats")
    assert (1, "", 2) == (ended.returncode, ended.stdout, len(ended.stderr.splitlines()))


def output_of(command, unbuffered=""):
    """Run a line of a shell; the exit code of its first program, and what it prints on standard error."""
    path = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": unbuffered}
    line = f"{sys.executable} -m colab_save {command}; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=True)
    return ended.stdout.strip(), ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="pipes of a POSIX shell")
@pytest.mark.parametrize("command", ["list", "list --json", "--help", "verify --help"])
def test_a_reader_that_closes_the_pipe_early_is_no_error_to_talk_about(command):
    assert ("1", "") == output_of(f"{command} | true")


@pytest.mark.skipif(os.name == "nt", reason="pipes of a POSIX shell")
def test_a_pipe_that_is_closed_early_is_none_either_where_nothing_is_buffered():
    assert ("1", "") == output_of("list | true", unbuffered="1")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", ["list", "list --json", "--help"])
def test_output_that_cannot_be_written_is_an_error_of_one_line(command):
    complaint = "colab-save: cannot write to standard output: No space left on device\n"
    assert ("1", complaint) == output_of(f"{command} > /dev/full")


@pytest.mark.parametrize(("command", "written"), [(["list"], r"h\xf6 st"), (["save", "--help"], r"F[,F\u2026]")])
def test_an_output_that_lacks_a_character_gets_its_escape(tmp_path, command, written):
    save_version(open_store(), tmp_path, V1, name="hö st")
    ended = run(*command, PYTHONIOENCODING="ascii")
    assert (0, True) == (ended.returncode, written in ended.stdout), ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_with_one_line_and_130():
    script = (
        "import os, signal, sys\n"
        "from colab_save.frontends import terminal\n"
        "terminal.read = lambda words: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.exit(terminal.main(['list']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (130, "", "Interrupted.\n") == (ended.returncode, ended.stdout, ended.stderr)


def test_an_empty_store_is_listed(capsys):
    assert 0 == main(["list", "--from", "."])
    printed = capsys.readouterr()
    assert ("", True) == (printed.err, bool(printed.out.strip()))


# --- what is typed ---


@pytest.mark.parametrize(("text", "value"), [("1e-3", 1e-3), ("7", 7), (" 0 ", 0), ("-2.5", -2.5)])
def test_a_number_is_a_literal(text, value):
    assert value == number(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("f1=0.93", ("f1", 0.93)),
        ("top 5=1", ("top 5", 1)),
        ("title=first", ("title", "first")),
        ("shape=(1, 2)", ("shape", (1, 2))),
        ("formula=a=b", ("formula", "a=b")),
        ("call=__import__('os')", ("call", "__import__('os')")),
    ],
)
def test_the_value_of_a_pair_is_a_literal_or_its_text_and_is_never_run(text, read):
    assert read == pair(text)


def test_every_option_of_a_request_that_is_no_expression_can_be_typed():
    for name in ("save", "load", "verify"):
        action = commands()[name]
        left_out = {item.syntax for item in action.options} - {item.syntax for item in action.terminal_options}
        assert left_out <= {Syntax.EXPRESSION, Syntax.VARIABLE}


# --- versions ---


@pytest.fixture
def store(tmp_path):
    """The default store, with two versions of cats."""
    store = open_store()
    for version in (V1, V2):
        save_version(store, tmp_path, version, tags=("best",) if version == V1 else ())
    return store


def document_of(capsys, *arguments):
    """The exit code, and the JSON document that a command printed and nothing else."""
    code = main([*arguments, "--json"])
    printed = capsys.readouterr()
    assert "" == printed.err
    return code, json.loads(printed.out)


def test_a_version_is_a_record_with_the_fields_that_are_documented(store, capsys):
    code, document = document_of(capsys, "list")
    assert (0, "local", "saved version", [], []) == (
        code,
        *(document[name] for name in ("store", "kind", "damaged", "unfinished")),
    )
    assert {
        "name": "cats",
        "version": V1,
        "created": "2026-08-22T10:15:30Z",
        "outcome": "PASSED",
        "formats": ["keras"],
        "is_export": False,
        "rests_on": "",
        "size": 33,
        "parameters": 9,
        "tags": ["best"],
        "note": "a note",
        "metrics": {"accuracy": 0.9, "loss": 1},
        "upload_state": "done",
    } == document["versions"][1]


def test_a_pattern_that_matches_no_name_is_told_from_an_empty_store(store, capsys):
    assert 0 == main(["list", "dog*"])
    assert "matches 'dog*'. There is 1 name; colab-save list shows all." in capsys.readouterr().out
    assert 0 == main(["list", "dog*", "--from", "./elsewhere"])
    assert "No saved models in" in capsys.readouterr().out


def test_a_version_is_deleted_and_brought_back(store, capsys):
    assert f"cats@{V2}" == document_of(capsys, "delete", "cats")[1]["target"]
    _, deleted = document_of(capsys, "restore")
    assert [V2] == [version["version"] for version in deleted["versions"]]
    assert "is restored" == document_of(capsys, "restore", "cats")[1]["done"]


def test_deleting_tells_the_line_of_the_terminal_that_brings_it_back(store, capsys):
    assert 0 == main(["delete", "cats", "--for-good"])
    assert 0 == main(["delete", "cats"])
    assert f"restore it: colab-save restore cats@{V1}" in capsys.readouterr().out


def test_a_version_gets_exactly_the_tags(store, capsys):
    _, document = document_of(capsys, "tag", f"cats@{V2}", "best", "v 2")
    assert ["best", "v 2"] == document["version"]["tags"]


def test_a_version_without_tags_after_it_has_none(store, capsys):
    code, document = document_of(capsys, "tag", "cats@best")
    assert (0, "has no tags", []) == (code, document["done"], document["version"]["tags"])


def test_two_versions_are_compared(store, capsys):
    code, document = document_of(capsys, "compare", "cats", "cats@best")
    assert (0, V2, V1) == (code, document["first"]["version"], document["second"]["version"])
    assert ([], ["weights", "training", "structure", "code"]) == (document["differences"], document["equal"])


def test_a_version_is_looked_into(store, capsys):
    code, document = document_of(capsys, "inspect", "cats")
    assert (0, f"cats@{V2}") == (code, document["name"])
    assert ["Dense"] == [layer["class"] for layer in document["models"][""]["layers"]]


@pytest.mark.parametrize("command", ["pending", "publish-pending"])
def test_nothing_is_pending_on_a_disk(capsys, command):
    assert (0, {"saves": [], "published": []}) == document_of(capsys, command)


def test_an_error_is_a_document_too(capsys):
    code, document = document_of(capsys, "delete", "cats")
    assert (1, ["error"], ["type", "message", "hint"]) == (code, list(document), list(document["error"]))
    assert "NotFoundError" == document["error"]["type"]


def test_hints_in_a_document_are_those_of_a_terminal(capsys):
    _, document = document_of(capsys, "delete", "cats")
    assert "another store with --from" in document["error"]["hint"]


def test_a_text_of_others_in_a_document_is_as_it_was(store, tmp_path, capsys):
    save_version(store, tmp_path, V3, note="{option:to}")
    assert "{option:to}" == document_of(capsys, "list")[1]["versions"][0]["note"]


def test_a_document_holds_no_number_that_json_lacks():
    assert [None, None, 0.5] == json.loads(json_text((float("nan"), float("inf"), 0.5)))


@pytest.mark.parametrize(
    ("command", "outcome", "code"),
    [
        ("verify", Outcome.PASSED, 0),
        ("verify", Outcome.SKIPPED, 1),
        ("verify", Outcome.FAILED, 1),
    ],
)
def test_a_proof_that_proves_nothing_is_a_failure(command, outcome, code):
    trip = passed()
    verdicts = {aspect: type(verdict)(outcome) for aspect, verdict in trip.verdicts.items()}
    report = LoadReport(None, "cats", "models", "keras", type(trip)("keras", verdicts))
    assert code == exit_code(commands()[command], report)


@pytest.mark.parametrize("command", ["save", "verify", "load"])
def test_what_is_saved_in_part_ends_with_3(command):
    part = manifest(is_partial=True)
    report = (
        SaveReport(part, "models", "local", UploadState.DONE, "")
        if command == "save"
        else LoadReport(None, "cats", "models", "keras", passed(), part)
    )
    assert 3 == exit_code(commands()[command], report if command != "load" else Written(report, "./cats.keras"))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A store with a model, ``cats``, and beside it a file of Keras that nobody has proven."""
    import keras

    folder = tmp_path_factory.mktemp("store")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    save_model(model, "cats", to=str(folder), verify=False)
    model.save(folder / "foreign.keras")
    return folder


@pytest.mark.tensorflow
def test_a_saved_model_is_listed(saved):
    ended = run("list", "c*", "--from", str(saved))
    assert 0 == ended.returncode
    assert "cats" in ended.stdout


@pytest.mark.tensorflow
def test_a_proven_model_ends_with_0(saved):
    ended = run("verify", "cats", "--from", str(saved))
    assert 0 == ended.returncode, ended.stderr
    assert ended.stdout.startswith("PASSED")


@pytest.mark.tensorflow
def test_a_model_that_cannot_be_proven_ends_with_1(saved):
    ended = run("verify", str(saved / "foreign.keras"))
    assert 1 == ended.returncode
    assert ended.stdout.startswith("SKIPPED")


# --- files ---


@pytest.mark.tensorflow
def test_a_model_file_is_saved_as_a_version_under_its_own_name(saved, tmp_path):
    ended = run("save", str(saved / "foreign.keras"), "--to", str(tmp_path), "--metric", "f1=0.93", "--json")
    assert (0, "") == (ended.returncode, ended.stderr)
    document = json.loads(ended.stdout)
    assert ("foreign", "PASSED", {"f1": 0.93}) == tuple(document[name] for name in ("name", "outcome", "metrics"))


def test_the_environment_names_the_store(tmp_path, own_folder, capsys, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "./experiments")
    save_version(open_store("./experiments"), tmp_path, V1, name="dogs")
    assert 0 == main(["list"])
    assert capsys.readouterr().out.startswith(f"1 saved version in {own_folder / 'experiments'}\n")


@pytest.mark.tensorflow
def test_a_bad_variable_of_the_environment_is_refused_before_the_file_is_loaded(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "many")
    (tmp_path / "cats.keras").write_bytes(b"nothing that could be loaded")
    assert 1 == main(["save", str(tmp_path / "cats.keras"), "cats"])
    assert [
        "RequestError: The setting keep must be a whole number of at least 0, not 'many'.",
        "Hint: It is set by COLAB_SAVE_KEEP in the environment; correct it there.",
    ] == capsys.readouterr().err.splitlines()


@pytest.mark.tensorflow
def test_a_model_file_that_is_none_is_refused_with_a_hint(tmp_path, capsys):
    (tmp_path / "cats.keras").write_bytes(b"nothing")
    assert 1 == main(["save", str(tmp_path / "cats.keras"), "cats"])
    assert ["DamagedFileError:", "Hint:"] == [line.split()[0] for line in capsys.readouterr().err.splitlines()]


@pytest.mark.tensorflow
def test_a_wrong_option_is_refused_before_the_file_is_loaded(tmp_path, capsys):
    assert 1 == main(["save", str(tmp_path / "not_there.keras"), "cats", "--keep", "-1"])
    assert "RequestError: --keep=-1 is not a whole number of at least 0." == capsys.readouterr().err.splitlines()[0]


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("option", "first", "second"),
    [
        (["--format", "kers"], "UnknownNameError: There is no format 'kers'.", "Hint: Did you mean 'keras'?"),
        (
            ["--format", "litert", "--option", "btch=3"],
            "UnknownNameError: litert has no option 'btch'.",
            "Hint: Did you mean 'batch'?",
        ),
        (
            ["--to", "nonsense://bucket"],
            "UnknownNameError: There is no store for nonsense:// URLs.",
            "Hint: There is: ",
        ),
    ],
)
def test_what_is_wrong_for_every_model_is_refused_before_the_file_is_loaded(tmp_path, capsys, option, first, second):
    file = tmp_path / "cats.keras"
    file.write_bytes(b"nothing that could be loaded")
    assert 1 == main(["save", str(file), "cats", *option])
    message, hint = capsys.readouterr().err.splitlines()
    assert (first, True) == (message, hint.startswith(second))


def test_a_file_that_is_not_there_is_told_before_a_folder_for_it_is_made(tmp_path, capsys):
    assert 1 == main(["save", str(tmp_path / "cats.keras"), "--to", str(tmp_path / "models")])
    assert "NotFoundError" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


@pytest.mark.tensorflow
def test_a_version_is_written_to_a_path_byte_for_byte_and_stays_proven(saved, tmp_path):
    path = tmp_path / "out" / "copy.keras"
    ended = run("load", "cats", str(path), "--from", str(saved))
    assert 0 == ended.returncode, ended.stderr
    assert f"written to: {path}" in ended.stdout
    (payload,) = saved.glob("cats/*/model.keras")
    assert payload.read_bytes() == path.read_bytes()
    assert run("verify", str(path)).stdout.startswith("PASSED")


@pytest.mark.tensorflow
def test_a_version_is_written_in_another_format_where_it_has_none_of_that_suffix(saved, tmp_path):
    ended = run("load", "cats", str(tmp_path / "cats.h5"), "--from", str(saved), "--json")
    assert (0, str(tmp_path / "cats.h5")) == (ended.returncode, json.loads(ended.stdout)["path"]), ended.stderr
    assert (tmp_path / "cats.h5").read_bytes().startswith(b"\x89HDF")


@pytest.mark.tensorflow
@pytest.mark.parametrize("path", ["cats_2", "./cats"])
def test_a_path_that_does_not_tell_the_format_is_refused(saved, path, capsys):
    assert 1 == main(["load", "cats", path, "--from", str(saved)])
    assert "Give a path with a suffix, such as ./cats.keras" in capsys.readouterr().err


@pytest.mark.tensorflow
def test_the_format_that_this_hint_names_is_written_to_a_path_without_suffix(saved, tmp_path, capsys):
    path = str(tmp_path / "cats.xyz")
    main(["load", "cats", path, "--from", str(saved)])
    named = re.search(r"--format \S+(?=\.)", capsys.readouterr().err)[0].split()
    assert 0 == main(["load", "cats", path, "--from", str(saved), *named])
    assert (tmp_path / "cats.xyz" / "saved_model.pb").is_file()


def save_collection(folder, *names, version=V1, name="agent"):
    """Save a version of a collection with these models to the default store."""
    parts = tuple(Part(each, facts()) for each in names)
    files = {f"{part.name}/model.keras": b"model" for part in parts}
    payloads = tuple(Payload("keras", file) for file in files)
    trips = tuple(replace(passed(), part=part.name) for part in parts)
    made = {"parts": parts, "payloads": payloads, "round_trips": trips}
    save_version(open_store(), folder, version, files, name=name, **made)


@pytest.mark.parametrize("path", ["./gan.keras", "./gan"])
def test_a_collection_is_not_loaded_for_a_path_that_takes_one_model(tmp_path, capsys, path):
    save_collection(tmp_path, "generator", "critic", name="gan")
    assert 1 == main(["load", "gan", path])
    message, hint = capsys.readouterr().err.splitlines()
    told = f"gan@{V1} is a collection with 2 models: generator, critic."
    assert f"TargetError: The path '{path[2:]}' takes one model, and {told}" == message
    assert f'load_model("gan@{V1}") returns all of it' in hint


def test_a_collection_with_a_single_model_is_not_loaded_for_a_path_either(tmp_path, capsys):
    save_collection(tmp_path, "m")
    assert 1 == main(["load", "agent", "./x.keras"])
    assert f"agent@{V1} is a collection with 1 model: m.\n" in capsys.readouterr().err
    assert not Path("x.keras").exists()


def test_the_call_that_loads_such_a_collection_names_its_store(tmp_path, capsys):
    save_collection(tmp_path, "m")
    assert 1 == main(["load", "agent", "./x.keras", "--from", "models"])
    assert f'load_model("agent@{V1}", source="models")' in capsys.readouterr().err


@pytest.mark.tensorflow
def test_an_older_collection_is_not_written_in_place_of_a_newest_model_that_is_not_whole(capsys):
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    save_model({"m": model, "n": 3}, "agent", verify=False)
    newest = save_model(model, "agent", verify=False)
    Path(newest.where, "model.keras").write_bytes(b"not whole")
    assert 1 == main(["load", "agent", "./x.keras"])
    assert "is a collection with 1 model: m." in capsys.readouterr().err
    assert not Path("x.keras").exists()


@pytest.mark.tensorflow
def test_a_folder_in_the_way_stays(saved, tmp_path, capsys):
    (tmp_path / "cats.keras").mkdir()
    (tmp_path / "cats.keras" / "mine").touch()
    assert 1 == main(["load", "cats", str(tmp_path / "cats.keras"), "--from", str(saved)])
    assert "TargetError" in capsys.readouterr().err
    assert (tmp_path / "cats.keras" / "mine").is_file()


def test_a_folder_in_the_way_is_told_before_the_version_is_loaded(tmp_path, capsys):
    save_version(open_store(), tmp_path, V1, {"model.keras": b"nothing that could be loaded"})
    Path("cats.keras").mkdir()
    Path("cats.keras", "mine").touch()
    assert 1 == main(["load", "cats", "./cats.keras"])
    assert "cats.keras is a folder." in capsys.readouterr().err


@pytest.mark.tensorflow
def test_a_folder_of_the_same_format_is_replaced(saved, tmp_path):
    arguments = ["load", "cats", str(tmp_path / "copy"), "--from", str(saved), "--format", "saved_model"]
    assert [0, 0] == [main(arguments), main(arguments)]
    assert (tmp_path / "copy" / "saved_model.pb").is_file()


def test_what_is_no_file_to_save_is_told_with_a_hint_that_fits_saving(capsys):
    assert 1 == main(["save", "x", "--to", "store"])
    hint = capsys.readouterr().err.splitlines()[1]
    told = "Give the path of a model file or folder, such as ./x; colab-save load x PATH writes a saved version to one."
    assert f"Hint: {told}" == hint


@pytest.mark.tensorflow
def test_a_pipe_gets_no_chatter_of_tensorflow_and_no_progress(saved):
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-m", "colab_save", "verify", "cats", "--from", str(saved)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (0, "") == (ended.returncode, ended.stderr)
