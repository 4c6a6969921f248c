"""Base models, inference code and training data: what other records say of this one."""

from __future__ import annotations

from typing import Any

import pytest

from classifiers.model import Access, Assessment, Component, Outcome, State
from classifiers.probes.code import libraries
from crawlers.snapshot import FetchStatus
from tests.classifiers.builders import component, finding, findings, hub_record, other_record, outcome, snapshot, view
from tests.classifiers.builders import weights as weights_of

BASE = "maker/base-7b"


def derivative(
    own: str, base: str | None, relation: str = "finetune", subject: str = "hf:acme/rocket-7b"
) -> Assessment:
    record = hub_record(license=own, tags=[f"base_model:{relation}:{BASE}"])
    slot = other_record(license=base) if base else other_record()
    return weights_of(view(record, {f"base:{BASE}": snapshot(f"base:{BASE}", slot)}, subject=subject))


class TestBase:
    @pytest.mark.parametrize("relation", ["finetune", "quantized", "adapter", "merge"])
    def test_a_wider_licence_than_the_base_is_a_contradiction(self, relation: str) -> None:
        found = derivative("apache-2.0", "llama2", relation)
        assert (found.level, found.license, found.marks) == (3, "llama2", ("contradiction:wider-than-base",))
        reason = finding(found, "base-allows-license")
        assert reason.outcome is Outcome.FALSE
        assert "commercial" in reason.detail
        assert [pointer.slot for pointer in reason.evidence] == ["record", f"base:{BASE}"]

    @pytest.mark.parametrize(("own", "base"), [("llama2", "llama2"), ("cc-by-nc-sa-4.0", "apache-2.0"), ("mit", "mit")])
    def test_an_allowed_licence_is_none(self, own: str, base: str) -> None:
        found = derivative(own, base)
        assert found.marks == ()
        assert outcome(found, "base-allows-license") is Outcome.TRUE

    def test_a_publisher_may_license_its_own_base_anew(self) -> None:
        found = derivative("apache-2.0", "llama2", subject="hf:Maker/tuned-7b")
        assert (found.level, found.marks) == (5, ())
        assert outcome(found, "base-allows-license") is Outcome.NOT_APPLICABLE

    @pytest.mark.parametrize("base", [None, "other", "house-rules"])
    def test_a_base_without_a_known_licence_binds_nobody(self, base: str | None) -> None:
        found = derivative("apache-2.0", base)
        assert (found.level, found.marks) == (5, ())
        assert outcome(found, "base-allows-license") is Outcome.NOT_AVAILABLE

    def test_a_missing_base_is_said(self) -> None:
        record = hub_record(license="mit", tags=[f"base_model:finetune:{BASE}"])
        slots = {f"base:{BASE}": snapshot(f"base:{BASE}", status=FetchStatus.MISSING)}
        found = weights_of(view(record, slots))
        assert (found.level, outcome(found, "base-allows-license")) == (5, Outcome.NOT_AVAILABLE)

    def test_the_least_open_of_several_bases_decides(self) -> None:
        record = hub_record(license="mit", tags=["base_model:merge:a/x", "base_model:merge:b/y"])
        slots = {
            "base:a/x": snapshot("base:a/x", other_record(license="mit")),
            "base:b/y": snapshot("base:b/y", other_record(license="cc-by-nc-sa-4.0")),
        }
        found = weights_of(view(record, slots))
        assert (found.level, found.marks) == (3, ("contradiction:wider-than-base",))
        assert [item.outcome for item in findings(found, "base-allows-license")] == [Outcome.TRUE, Outcome.FALSE]

    def test_an_own_licence_that_is_not_known_cannot_widen_the_base(self) -> None:
        found = derivative("other", "llama2")
        assert (found.level, found.license, found.marks) == (3, "llama2", ())

    def test_a_broken_base_record_costs_its_findings_only(self) -> None:
        record = hub_record(license="mit", tags=[f"base_model:finetune:{BASE}"])
        found = weights_of(view(record, {f"base:{BASE}": b"{"}))
        assert outcome(found, "base-allows-license") is Outcome.ERROR
        assert outcome(found, "license-level") is Outcome.ERROR
        assert outcome(found, "license-resolved") is Outcome.TRUE
        assert found.state is State.UNKNOWN


class TestInferenceCode:
    def code(self, **fields: Any) -> Assessment:
        return component(view(hub_record(**fields)), Component.INFERENCE_CODE)

    @pytest.mark.parametrize(
        ("library", "license_"),
        [("transformers", "Apache-2.0"), ("Diffusers", "Apache-2.0"), ("mlx", "MIT"), ("gguf", "MIT")],
    )
    def test_the_library_s_licence_decides(self, library: str, license_: str) -> None:
        found = self.code(license="cc-by-nc-sa-4.0", library_name=library)
        assert (found.level, found.license, found.access) == (5, license_, Access.PUBLIC)
        assert "https://" in finding(found, "inference-library").detail

    def test_a_format_that_one_library_reads(self) -> None:
        found = self.code(siblings=[{"rfilename": "a.gguf"}])
        assert (found.level, finding(found, "inference-library").value) == (5, "llama.cpp")

    def test_a_copyleft_library(self) -> None:
        assert self.code(library_name="ultralytics").level == 4

    @pytest.mark.parametrize(("library", "why"), [(None, Outcome.FALSE), ("acme-runtime", Outcome.NOT_SUPPORTED)])
    def test_no_known_library_is_unknown(self, library: str | None, why: Outcome) -> None:
        found = self.code(license="mit", library_name=library)
        assert (found.state, found.access, outcome(found, "inference-library")) == (State.UNKNOWN, None, why)

    def test_custom_code_is_under_the_repository_s_licence(self) -> None:
        found = self.code(license="cc-by-nc-sa-4.0", library_name="transformers", tags=["custom_code"])
        assert (found.level, outcome(found, "custom-code")) == (3, Outcome.TRUE)
        assert self.code(license="mit", tags=["custom_code"]).level == 5
        assert self.code(library_name="transformers", tags=["custom_code"]).state is State.UNKNOWN

    def test_the_configuration_tells_the_library(self) -> None:
        record = hub_record(license="mit")
        found = component(view(record, {"config.json": '{"transformers_version": "4.40"}'}), Component.INFERENCE_CODE)
        pointer = finding(found, "inference-library").evidence[0]
        assert (found.level, pointer.slot, pointer.excerpt) == (5, "config.json", "4.40")

    def test_the_configuration_tells_of_custom_code(self) -> None:
        config = '{"auto_map": {"AutoModel": "modeling_rocket.Rocket"}, "transformers_version": "4.40"}'
        found = component(
            view(hub_record(license="cc-by-nc-sa-4.0"), {"config.json": config}), Component.INFERENCE_CODE
        )
        assert (found.level, outcome(found, "custom-code")) == (3, Outcome.TRUE)

    def test_the_card_s_code_tells_the_library(self) -> None:
        card = "---\nlicense: mit\n---\nimport os\n>>> from sentence_transformers import SentenceTransformer\n"
        found = component(view(hub_record(), {"README.md": card}), Component.INFERENCE_CODE)
        reason = finding(found, "inference-library")
        assert (found.level, reason.value, reason.evidence[0].locator) == (5, "sentence-transformers", "L5")

    @pytest.mark.parametrize("config", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"auto_map": 1e999}'])
    def test_a_broken_configuration_harms_nothing_else(self, config: bytes) -> None:
        assessed = view(hub_record(license="mit"), {"config.json": config})
        assert weights_of(assessed).level == 5
        assert component(assessed, Component.INFERENCE_CODE).state is State.UNKNOWN

    @pytest.mark.parametrize(
        ("fields", "access"),
        [({}, Access.PUBLIC), ({"gated": "manual"}, Access.GATED_MANUAL), ({"disabled": True}, Access.WITHDRAWN)],
    )
    def test_custom_code_stands_behind_the_repository_s_gate(self, fields: dict[str, Any], access: Access) -> None:
        assert self.code(license="mit", library_name="transformers", **fields).access is Access.PUBLIC
        assert self.code(license="mit", tags=["custom_code"], **fields).access is access

    def test_every_library_has_a_known_licence_and_a_source(self) -> None:
        for library, entry in libraries()["libraries"].items():
            assert entry["source"].startswith("https://"), library
            assert self.code(library_name=library).level in (3, 4, 5), library
        named = [*libraries()["aliases"].values(), *(entry["library"] for entry in libraries()["formats"].values())]
        assert {*named, *libraries()["modules"].values()} <= libraries()["libraries"].keys()


class TestData:
    def data(
        self, which: Component, datasets: dict[str, bytes | FetchStatus | None], card: str = "", **fields: Any
    ) -> Assessment:
        tags = [*fields.pop("tags", []), *(f"dataset:{name}" for name in datasets)]
        slots = {}
        for name, body in datasets.items():
            slot = f"dataset:{name}"
            if isinstance(body, FetchStatus):
                slots[slot] = snapshot(slot, status=body)
            elif body is not None:
                slots[slot] = snapshot(slot, body)
        documents = {**slots, "README.md": snapshot("README.md", card.encode())} if card else slots
        return component(view(hub_record(license="mit", tags=tags, **fields), documents), which)

    def test_a_named_pretraining_corpus(self) -> None:
        found = self.data(Component.PRETRAINING_DATA, {"allenai/c4": other_record(license="odc-by")})
        assert (found.state, found.access) == (State.ASSESSED, Access.PUBLIC)
        assert found.license == "ODC-By-1.0"
        assert finding(found, "datasets-of-stage").detail == "allenai/c4, by its name."
        assert outcome(found, "datasets-complete") is Outcome.NOT_AVAILABLE
        assert found.confidence < 0.7

    def test_the_other_stages_are_unknown_then(self) -> None:
        found = self.data(Component.SFT_DATA, {"allenai/c4": other_record(license="odc-by")})
        assert (found.state, outcome(found, "datasets-of-stage")) == (State.UNKNOWN, Outcome.FALSE)

    def test_the_least_open_dataset_decides_level_and_access(self) -> None:
        sets: dict[str, bytes | FetchStatus | None] = {
            "tatsu-lab/alpaca": other_record(license="cc-by-nc-sa-4.0"),
            "x/ultrachat_200k": other_record(license="mit", gated="manual"),
        }
        found = self.data(Component.SFT_DATA, sets)
        assert (found.level, found.access) == (3, Access.GATED_MANUAL)
        assert len(findings(found, "dataset-license")) == 2

    @pytest.mark.parametrize(
        ("second", "why"),
        [
            (None, Outcome.NOT_AVAILABLE),
            (FetchStatus.MISSING, Outcome.FALSE),
            (FetchStatus.GATED, Outcome.NOT_AVAILABLE),
            (FetchStatus.MOVED, Outcome.NOT_AVAILABLE),
            (b"{", Outcome.ERROR),
        ],
    )
    def test_a_dataset_that_could_not_be_seen_leaves_it_unknown(
        self, second: bytes | FetchStatus | None, why: Outcome
    ) -> None:
        sets = {"tatsu-lab/alpaca": other_record(license="mit"), "x/ultrachat": second}
        found = self.data(Component.SFT_DATA, sets)
        assert found.state is State.UNKNOWN
        assert why in {item.outcome for item in findings(found, "dataset-readable")}

    def test_a_dataset_without_licence_leaves_it_unknown(self) -> None:
        found = self.data(Component.SFT_DATA, {"tatsu-lab/alpaca": other_record()})
        assert (found.state, outcome(found, "dataset-license")) == (State.UNKNOWN, Outcome.FALSE)

    def test_the_card_s_text_tells_the_stage(self) -> None:
        card = "---\nlicense: mit\n---\nWe pre-trained it on acme/soup for long.\n"
        found = self.data(Component.PRETRAINING_DATA, {"acme/soup": other_record(license="mit")}, card)
        assert found.level == 5
        pointer = finding(found, "datasets-of-stage").evidence[0]
        assert (pointer.slot, pointer.locator) == ("README.md", "L4")
        assert "acme/soup" in pointer.excerpt

    def test_a_fine_tune_s_dataset_is_sft_data(self) -> None:
        sets: dict[str, bytes | FetchStatus | None] = {"acme/soup": other_record(license="mit")}
        found = self.data(Component.SFT_DATA, sets, tags=["base_model:finetune:maker/base"])
        assert found.level == 5
        assert "fine-tune" in finding(found, "datasets-of-stage").detail

    @pytest.mark.parametrize(
        "text",
        [
            "This model is a fine-tuned version of [egret](https://hub/egret) for ponds.",
            "Fine-tuned [egret](https://hub/egret) in Swedish",
            "This acoustic model is a **fine-tuned** version of egret.",
        ],
    )
    def test_a_card_that_says_so_makes_its_dataset_sft_data(self, text: str) -> None:
        found = self.data(Component.SFT_DATA, {"acme/soup": other_record(license="mit")}, f"---\n---\n\n{text}\n")
        reason = finding(found, "datasets-of-stage")
        assert (found.level, reason.evidence[0].slot, reason.evidence[0].locator) == (5, "README.md", "L4")
        assert "the card says that the model is a fine-tune" in reason.detail

    @pytest.mark.parametrize(
        "text",
        [
            "This model is primarily aimed at being fine-tuned on a task.",
            "This model is a checkpoint that has to be fine-tuned.",
            "This model is a fine-tuned version of egret. Egret was pre-trained on thirteen corpora.",
        ],
    )
    def test_what_only_speaks_of_fine_tuning_places_no_dataset(self, text: str) -> None:
        found = self.data(Component.SFT_DATA, {"acme/soup": other_record(license="mit")}, f"---\n---\n\n{text}\n")
        assert outcome(found, "datasets-of-stage") is Outcome.NOT_SUPPORTED

    def test_a_later_mention_of_a_dataset_counts_too(self) -> None:
        card = f"---\n---\n# Egret and acme/soup\n{'It is good. ' * 40}\n\nWe fine-tuned it with acme/soup for long.\n"
        found = self.data(Component.SFT_DATA, {"acme/soup": other_record(license="mit")}, card)
        assert (found.level, finding(found, "datasets-of-stage").evidence[0].locator) == (5, "L6")

    def test_otherwise_the_stage_is_unknown(self) -> None:
        found = self.data(Component.SFT_DATA, {"acme/soup": other_record(license="mit")})
        assert (found.state, outcome(found, "datasets-of-stage")) == (State.UNKNOWN, Outcome.NOT_SUPPORTED)
