"""Decorators note what they were told, change nothing about their function, and refuse what cannot be meant."""

from typing import Annotated

import bywash as bw
import pyarrow as pa
import pytest
from bywash._decorators import inputs_of
from bywash._forms import form_of


def test_a_model_is_its_function_with_settings():
    @bw.model(
        columns={"carrier": "string", "risk": "float64"},
        pip={"scikit-learn": "1.7.2"},
        memory="2GB",
        cpus=2,
        timeout="10m",
        partition_by="carrier",
        tags=["slow"],
    )
    def delay_risk(flights=bw.table("raw.flights", columns=["carrier"], filter="x > 1"), least=bw.param("least", 30)):
        return flights, least

    settings = delay_risk.__bywash_model__
    assert (settings.name, settings.several) == ("delay_risk", False)
    assert settings.outputs == {"delay_risk": {"carrier": "string", "risk": "float64"}}
    assert (settings.pip, settings.memory, settings.cpus) == ({"scikit-learn": "1.7.2"}, "2GB", 2)
    assert (settings.partition_by, settings.tags, settings.network) == (("carrier",), ("slow",), False)
    assert delay_risk("anything", 3) == ("anything", 3)
    assert inputs_of(delay_risk) == {
        "flights": bw.TableInput("raw.flights", ("carrier",), "x > 1"),
        "least": bw.ParameterInput("least", 30),
    }


def test_an_incremental_model_says_whose_new_rows_suffice():
    @bw.model(columns={"a": "int64"}, kind="incremental", incremental_from="raw.a", static=["raw.b"], unique_key="a")
    def grown(rows=bw.table("raw.a"), others=bw.table("raw.b")): ...

    settings = grown.__bywash_model__
    assert (settings.kind, settings.incremental_from, settings.static) == ("incremental", ("raw.a",), ("raw.b",))
    with pytest.raises(TypeError, match="needs incremental_from="):
        bw.model(columns={"a": "int64"}, kind="incremental")


def test_an_input_may_stand_beside_the_type():
    @bw.model(columns={"a": "int64"})
    def counted(
        rows: Annotated[pa.RecordBatchReader, bw.table("raw.a")],
        most: Annotated[int, bw.param("most", 10)] = 10,
    ): ...

    assert inputs_of(counted)["rows"] == bw.TableInput("raw.a")
    assert form_of(counted.__annotations__["rows"]) == "reader"
    with pytest.raises(TypeError, match="has two inputs"):

        @bw.model(columns={"a": "int64"})
        def doubled(most: Annotated[int, bw.param("most", 10)] = bw.param("least", 10)): ...


def test_columns_may_wait_for_infer():
    @bw.model
    def bare(rows=bw.table("raw.a")): ...

    @bw.model(pip=["scikit-learn==1.7.2", "polars >= 1, < 2", "httpx"])
    def empty(rows=bw.table("raw.a")): ...

    assert bare.__bywash_model__.outputs == {"bare": {}}
    assert empty.__bywash_model__.pip == {"scikit-learn": "==1.7.2", "polars": ">= 1, < 2", "httpx": ""}


def test_several_outputs_have_columns_each():
    @bw.model(columns={"good": {"a": "int64"}, "bad": {"a": "int64", "why": "string"}})
    def sorted_out(rows=bw.table("raw.a")): ...

    assert list(sorted_out.__bywash_model__.outputs) == ["good", "bad"]
    assert sorted_out.__bywash_model__.several


def test_a_udf_is_its_function_with_types():
    @bw.udf(args=["float64", "string"], returns="float64")
    def converted(amount, currency):
        return amount

    assert converted.__bywash_udf__ == bw.UdfSettings("converted", ("float64", "string"), "float64", {}, None, False)


@pytest.mark.parametrize(
    ("annotation", "form"),
    [
        (None, "table"),
        (pa.Table, "table"),
        (pa.RecordBatchReader, "reader"),
        ("pd.DataFrame", "pandas"),
        ("polars.DataFrame", "polars"),
        ("Annotated[pl.DataFrame, bw.table('raw.a')]", "polars"),
    ],
)
def test_forms_are_read_from_annotations(annotation, form):
    assert form_of(annotation) == form


def plain(rows=bw.table("raw.a")): ...


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: bw.model(3), "stands above a function"),
        (lambda: bw.model(columns="a"), "must map columns to types"),
        (lambda: bw.model(columns={"a": 1}), "must map columns to types"),
        (lambda: bw.model(columns={"a": "int64"}, memory=2), "memory= of @bw.model must be a string"),
        (lambda: bw.model(columns={"a": "int64"}, kind="view"), "kind= of @bw.model must be"),
        (lambda: bw.model(columns={"a": "int64"}, cpus=-1), "cpus= of @bw.model must be a positive number"),
        (lambda: bw.model(columns={"a": "int64"}, pip="x")(plain), "pip= of @bw.model must map packages"),
        (lambda: bw.model(columns={"a": "int64"}, tags="x")(plain), "tags= of @bw.model must be a list"),
        (lambda: bw.model(columns={"a": "int64"}, lineage={"a": 3})(plain), "lineage= of @bw.model must be a list"),
        (lambda: bw.model(columns={"a": {"x": "int64"}}, name="b"), "name= of @bw.model is for one table"),
        (lambda: bw.model(columns={"a": "int64"})(int), "stands above a function"),
        (lambda: bw.model(columns={"a": "int64"})(lambda rows: rows), "`rows` of `<lambda>` says nothing"),
        (lambda: bw.model(columns={"a": "int64"})(lambda rows=3: rows), "`rows` of `<lambda>` says nothing"),
        (lambda: bw.model(columns={"a": "int64"})(lambda *rows: rows), "must be passed by its name"),
        (lambda: bw.udf(args=["int64"], returns="int64")(lambda: 1), "takes 0 arguments, and args= has 1 types"),
        (lambda: bw.udf(args="int64", returns="int64"), "args= of @bw.udf must be a list"),
        (lambda: bw.table(3), "takes the name of a table"),
        (lambda: bw.table("a.b", columns="c"), "must be a list of strings"),
        (lambda: bw.table("a.b", filter=lambda row: row), "is SQL in a string"),
        (lambda: bw.param("a-b"), "takes the name of a parameter"),
        (lambda: bw.param("a", [1]), "is a text, a number or a boolean"),
        (lambda: form_of(list), "cannot arrive as"),
    ],
)
def test_wrong_use_is_a_type_error_that_says_what_is_right(wrong, said):
    with pytest.raises(TypeError) as raised:
        wrong()
    assert said in str(raised.value)
