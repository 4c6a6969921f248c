"""Licence files and cards beside the record: what decides, what contradicts, and what is too old to."""

from __future__ import annotations

import pytest

from classifiers.assess import assess_weights
from classifiers.model import Access, Assessment, Component, Outcome, State
from classifiers.terms import TEXT_OF_ITS_OWN
from classifiers.texts import Document, is_license, is_linked, is_policy
from crawlers.snapshot import FetchStatus, Snapshot
from tests.classifiers.builders import (
    FIRST,
    SECOND,
    component,
    finding,
    findings,
    hub_record,
    outcome,
    snapshot,
    view,
    weights,
)

MIT = """MIT License

Copyright (c) 2026 Acme Rockets

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
HOUSE = """ACME ROCKETS MODEL LICENSE

1. Acme Rockets grants You a non-exclusive, worldwide, royalty-free license to use, reproduce and modify the Model
for research purposes only.
2. You may not use the Model or any derivative of it for any commercial purpose.
3. You shall not distribute the Model or derivatives of it except under the terms of this License.
"""
NOTES = "The weather over the launch pad was calm and the crew had breakfast with the mayor of the town. " * 20


def card(license_: str = "mit", **keys: str) -> str:
    lines = [f"{key}: {value}" for key, value in {"license": license_, **keys}.items()]
    return "\n".join(["---", *lines, "---", "# Rocket", ""])


def marks(found: Assessment, kind: str) -> list[str]:
    return [mark for mark in found.marks if mark.startswith(kind)]


class TestLicenseFile:
    @pytest.mark.parametrize("declared", ["other", "unknown", "house-rules", None])
    def test_an_identified_text_decides_where_nothing_known_is_declared(self, declared: str | None) -> None:
        record = hub_record(license=declared) if declared else hub_record()
        found = weights(view(record, {"LICENSE": MIT}))
        assert (found.level, found.license) == (5, "MIT")
        assert finding(found, "license-file").value == "MIT"
        assert finding(found, "license-governs").evidence[0].slot == "LICENSE"
        assert outcome(found, "tag-agrees-with-file") is Outcome.NOT_APPLICABLE
        assert not marks(found, "contradiction")

    def test_tag_and_text_agree(self) -> None:
        found = weights(view(hub_record(license="mit"), {"LICENSE": MIT}))
        assert (found.level, outcome(found, "tag-agrees-with-file")) == (5, Outcome.TRUE)
        assert found.marks == (f"license-text:{Document('LICENSE', 'LICENSE', MIT.encode()).identity}",)

    def test_another_text_than_the_tag_is_a_contradiction_and_the_least_open_decides(self) -> None:
        found = weights(view(hub_record(license="cc-by-nc-sa-4.0"), {"LICENSE": MIT}))
        assert (found.level, found.license) == (3, "CC-BY-NC-SA-4.0")
        assert marks(found, "contradiction") == ["contradiction:tag-file"]
        reason = finding(found, "tag-agrees-with-file")
        assert reason.detail == "Declared is CC-BY-NC-SA-4.0, the text of LICENSE is MIT."
        assert [pointer.slot for pointer in reason.evidence] == ["record", "LICENSE"]

    def test_a_restricted_text_under_an_open_tag_is_not_open(self) -> None:
        found = weights(view(hub_record(license="apache-2.0"), {"LICENSE": HOUSE}))
        assert (found.level, found.license) == (3, None)
        assert outcome(found, "license-file") is Outcome.NOT_SUPPORTED
        assert marks(found, "contradiction") == ["contradiction:tag-file"]
        reason = finding(found, "tag-agrees-with-file")
        assert reason.detail.startswith("Apache-2.0 grants commercial")
        quoted = reason.evidence[1]
        start, end = map(int, quoted.locator.removeprefix("chars ").split("-"))
        assert " ".join(HOUSE[start:end].split()) == quoted.excerpt
        assert "purpose" in quoted.excerpt

    def test_a_long_text_that_is_not_recognised_is_not_open(self) -> None:
        assert len(NOTES.split()) > TEXT_OF_ITS_OWN
        found = weights(view(hub_record(license="apache-2.0"), {"LICENSE": NOTES}))
        assert (found.state, outcome(found, "license-level")) == (State.UNKNOWN, Outcome.NOT_SUPPORTED)

    def test_a_short_one_is_a_note(self) -> None:
        found = weights(view(hub_record(license="mit"), {"LICENSE": "See the website."}))
        assert (found.level, outcome(found, "license-file")) == (5, Outcome.NOT_SUPPORTED)

    def test_the_text_s_identity_is_that_of_its_words(self) -> None:
        texts = (MIT, MIT.replace("\n", "\r\n"), MIT.replace("\n", " "), MIT.replace("2026", "2027"))
        first, crlf, wrapped, other = (weights(view(hub_record(license="mit"), {"LICENSE": text})) for text in texts)
        assert first.marks == crlf.marks == wrapped.marks != other.marks
        assert first.level == other.level == 5

    def test_the_model_s_licence_is_not_the_code_s(self) -> None:
        record = hub_record(tags=["custom_code"])
        documents = {"LICENSE": MIT, "MODEL_LICENSE": HOUSE}
        both = view(record, documents)
        assert weights(both).level in (None, 3)
        assert component(both, Component.INFERENCE_CODE).level == 5
        assert len(findings(weights(both), "license-file")) == 2

    @pytest.mark.parametrize("status", [FetchStatus.GATED, FetchStatus.ERROR])
    def test_a_text_that_could_not_be_read_is_said(self, status: FetchStatus) -> None:
        found = weights(view(hub_record(license="mit", gated="auto"), {"LICENSE": snapshot("LICENSE", status=status)}))
        assert (found.level, found.access) == (5, Access.GATED_AUTO)
        reason = finding(found, "license-file")
        assert (reason.outcome, reason.evidence[0].excerpt) == (Outcome.NOT_AVAILABLE, status.value)

    def test_a_listed_text_that_the_sweep_did_not_read_is_said(self) -> None:
        siblings = [{"rfilename": "model.safetensors"}, {"rfilename": "LICENSE"}]
        found = assess_weights(view(hub_record(license="mit", siblings=siblings)))
        assert finding(found, "license-file").detail == "There is a licence file; it was not read."

    def test_no_text_is_a_no(self) -> None:
        found = weights(view(hub_record(license="mit"), {"README.md": card()}))
        assert outcome(found, "license-file") is Outcome.FALSE

    def test_a_linked_file_is_the_licence(self) -> None:
        record = hub_record(
            cardData={"license": "other", "license_link": "https://huggingface.co/a/b/blob/main/TERMS.txt"}
        )
        found = weights(view(record, {"TERMS.txt": MIT}))
        assert (found.level, found.license) == (5, "MIT")

    def test_the_text_shown_before_access_is_one(self) -> None:
        prompt = " ".join(MIT.split()) + " Thank you for reading all of this." * 10
        record = hub_record(license="other", gated="manual")
        documents = {"README.md": card("other", extra_gated_prompt=f'"{prompt.replace(chr(34), "")}"')}
        found = weights(view(record, documents))
        assert outcome(found, "gate-text") is Outcome.TRUE
        assert found.license in (None, "MIT")
        assert all(
            pointer.slot != "README.md" or pointer.locator for pointer in finding(found, "license-file").evidence
        )


class TestPolicy:
    def test_another_policy_is_a_change_of_identity_only(self) -> None:
        texts = ("Do not build weapons.", "Do not build rockets.")
        one, other = (weights(view(hub_record(license="mit"), {"USE_POLICY.md": text})) for text in texts)
        assert one.marks != other.marks
        assert marks(one, "policy-text:")
        assert one.level == other.level == 5
        assert finding(one, "use-policy").evidence[0].slot == "USE_POLICY.md"


class TestAge:
    """A document of an older commit than the record's declaration must not contradict it."""

    def assessed(self, declared: str, documents: dict[str, Snapshot], revision: str | None) -> Assessment:
        return weights(view(hub_record(license=declared), documents, day=1, revision=revision))

    def test_a_newer_commit_alone_does_not_age_the_documents(self) -> None:
        documents = {
            "README.md": snapshot("README.md", card("cc-by-nc-sa-4.0").encode(), revision=FIRST),
            "LICENSE": snapshot("LICENSE", MIT.encode(), revision=FIRST),
        }
        found = self.assessed("cc-by-nc-sa-4.0", documents, SECOND)
        assert marks(found, "contradiction") == ["contradiction:tag-file"]

    def test_a_declaration_that_changed_since_does(self) -> None:
        documents = {
            "README.md": snapshot("README.md", card("mit").encode(), revision=FIRST),
            "LICENSE": snapshot("LICENSE", MIT.encode(), revision=FIRST),
        }
        found = self.assessed("cc-by-nc-sa-4.0", documents, SECOND)
        assert (found.level, found.license, marks(found, "contradiction")) == (3, "CC-BY-NC-SA-4.0", [])
        assert "older" in finding(found, "card-agrees-with-record").detail
        assert "older" in finding(found, "license-file").detail
        opened = self.assessed("apache-2.0", documents, SECOND)
        assert (opened.license, marks(opened, "contradiction")) == ("Apache-2.0", [])

    @pytest.mark.parametrize("revision", [FIRST, None])
    def test_of_one_commit_they_contradict(self, revision: str | None) -> None:
        documents = {"README.md": snapshot("README.md", card("mit").encode(), revision=FIRST)}
        found = self.assessed("cc-by-nc-sa-4.0", documents, revision)
        assert marks(found, "contradiction") == ["contradiction:card-tag"]
        assert found.declared == ("cc-by-nc-sa-4.0",)

    def test_an_old_text_still_decides_where_nothing_known_is_declared(self) -> None:
        documents = {
            "README.md": snapshot("README.md", card("apache-2.0").encode(), revision=FIRST),
            "LICENSE": snapshot("LICENSE", MIT.encode(), revision=FIRST),
        }
        assert self.assessed("other", documents, SECOND).license == "MIT"

    def test_a_newer_card_declares(self) -> None:
        newer = snapshot("README.md", card("MIT").encode(), revision=SECOND, day=2)
        found = self.assessed("cc-by-nc-sa-4.0", {"README.md": newer}, FIRST)
        assert (found.level, found.declared, found.marks) == (5, ("mit",), ())
        assert finding(found, "license-declared").evidence[0].slot == "README.md"

    def test_a_card_alone_declares(self) -> None:
        found = weights(view(None, {"README.md": card("mit")}))
        assert (found.state, found.declared, found.license) == (State.UNKNOWN, ("mit",), "MIT")


class TestCard:
    def test_a_license_that_the_record_lacks_is_taken_from_the_card(self) -> None:
        found = weights(view(hub_record(), {"README.md": card("mit")}))
        assert (found.level, found.license, found.declared) == (5, "MIT", ())
        assert finding(found, "license-resolved").evidence[0].slot == "README.md"

    @pytest.mark.parametrize(
        "body",
        [
            b"---\nlicense: [mit\n---\n",
            b"---\nlicense: mit\n",
            b"---\n- a\n---\n",
            b"---\na: &a [1]\nb: *a\n---\n",
            b"---\n\x00\n---\n",
        ],
    )
    def test_broken_front_matter_is_a_finding(self, body: bytes) -> None:
        found = weights(view(hub_record(license="mit"), {"README.md": body}))
        reason = finding(found, "card-readable")
        assert reason.outcome is Outcome.ERROR
        assert "could not be read in full" in reason.detail
        assert (found.level, found.license) == (5, "MIT")

    def test_line_ends_and_sizes(self) -> None:
        body = card("mit").replace("\n", "\r\n") + "word " * 120_000
        found = weights(view(hub_record(license="mit"), {"README.md": body}))
        assert (outcome(found, "card-readable"), found.level) == (Outcome.TRUE, 5)

    def test_code_that_loads_the_repository_shows_weights_where_no_list_does(self) -> None:
        text = card("mit") + 'x\nmodel = AutoModel.from_pretrained("acme/rocket-7b")\n'
        found = weights(view(hub_record(license="mit", siblings=None), {"README.md": text}))
        assert (found.level, found.access) == (5, Access.PUBLIC)
        pointer = finding(found, "weights-used-in-card").evidence[0]
        assert (pointer.locator, pointer.excerpt) == ("L6", 'model = AutoModel.from_pretrained("acme/rocket-7b")')
        assert found.confidence < 0.9

    def test_code_that_loads_another_repository_does_not(self) -> None:
        text = card("mit") + 'AutoModel.from_pretrained("acme/rocket-70b")\n'
        found = weights(view(hub_record(license="mit", siblings=None), {"README.md": text}))
        assert (found.state, outcome(found, "weights-used-in-card")) == (State.UNKNOWN, Outcome.FALSE)


@pytest.mark.parametrize(
    ("slot", "license_", "policy"),
    [
        ("LICENSE", True, False),
        ("LICENCE.md", True, False),
        ("LICENSE-MODEL", True, False),
        ("MODEL_LICENSE.txt", True, False),
        ("Tongyi Qianwen LICENSE AGREEMENT", True, False),
        ("docs/COPYING", True, False),
        ("UNLICENSE", True, False),
        ("licensed.md", False, False),
        ("THIRD_PARTY_LICENSES.md", False, False),
        ("LICENSE-3rdparty", False, False),
        ("LICENSE_DATA", False, False),
        ("dataset-license.txt", False, False),
        ("Databricks License.txt", True, False),
        ("METADATA_LICENSE", True, False),
        ("NOTICE", False, False),
        ("USE_POLICY.md", False, True),
        ("acceptable-use-policy.txt", False, True),
        ("Use Policy.md", False, True),
        ("USER_GUIDE.md", False, False),
        ("README.md", False, False),
        ("dataset:a/LICENSE", False, False),
        ("base:a/LICENSE", False, False),
    ],
)
def test_names_of_licences_and_policies(slot: str, license_: bool, policy: bool) -> None:
    assert (is_license(slot), is_policy(slot)) == (license_, policy)


def test_links() -> None:
    links = ("https://huggingface.co/a/b/blob/main/TERMS.txt?x#y", "docs/EULA", "")
    assert [is_linked(slot, links) for slot in ("TERMS.txt", "x/EULA", "README.md", "base:EULA")] == [
        True,
        True,
        False,
        False,
    ]
