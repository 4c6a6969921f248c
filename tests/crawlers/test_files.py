"""File names: formats, documents, and weights that are never asked for."""

from __future__ import annotations

import pytest

from crawlers.hub.files import fetchable, is_weights, license_like, perhaps_weights, safe_path, scan


@pytest.mark.parametrize(
    ("names", "formats"),
    [
        (["model-00001-of-00002.safetensors", "model.safetensors.index.json"], {"safetensors"}),
        (["pytorch_model.bin", "training_args.bin"], {"pytorch"}),
        (["training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state_0.pth", "tokenizer.bin"], set()),
        (["checkpoint-500/pytorch_model-00001-of-00002.bin", "training_args.bin"], {"pytorch"}),
        (["openvino/openvino_model.bin", "openvino/openvino_model.xml"], {"openvino"}),
        (["ggml-model-q4.bin"], {"ggml"}),
        (["Model.Q4_K_M.GGUF"], {"gguf"}),
        (["adapter_config.json", "adapter_model.safetensors"], {"peft", "safetensors"}),
        (["flax_model.msgpack", "tf_model.h5", "rust_model.ot"], {"flax", "tensorflow", "rust"}),
        (["x.mlpackage/Data/weights/weight.bin", "x.mlpackage/Manifest.json"], {"coreml", "pytorch"}),
        (["README.md", "config.json", "data.bin.md"], set()),
        ([], set()),
    ],
)
def test_formats(names: list[str], formats: set[str]) -> None:
    assert scan(names)[0] == formats


@pytest.mark.parametrize(
    "name",
    ["model.th", "ppo-LunarLander.zip", "model.ckpt-47000.data-00000-of-00001", "Vectors.GZ", "a/b.pkl", "xgb.model"],
)
def test_files_that_may_be_weights(name: str) -> None:
    assert scan([name])[0] == set()
    assert perhaps_weights(["README.md", name, "config.json"])


@pytest.mark.parametrize(
    "name", ["README.md", "tokenizer.model", "spiece.model", "a/vocab.pkl", "optimizer.npz", "task", "x.zip.md", "zip"]
)
def test_files_that_are_none(name: str) -> None:
    assert not perhaps_weights([name, "config.json"])


@pytest.mark.parametrize(
    "path",
    [
        "LICENSE",
        "LICENCE.md",
        "license.txt",
        "LICENSE-2.0",
        "LICENSE.apache",
        "UNLICENSE",
        "COPYING",
        "COPYING.LESSER",
        "NOTICE",
        "Notice.txt",
        "USE_POLICY.md",
        "MODEL_LICENSE",
        "THE_MODEL_LICENSE.pdf",
        "Model-1.5_LICENSE",
        "Community License for X.pdf",
        "original/LICENSE",
        "ACCEPTABLE_USE_POLICY.txt",
    ],
)
def test_licence_like(path: str) -> None:
    assert license_like(path)
    assert fetchable(path)
    assert scan([path])[1] == [path]


@pytest.mark.parametrize(
    "path",
    [
        "license_plates.txt",
        "license.py",
        "LICENSE.safetensors",
        "LICENSE.bin",
        "notice.png",
        "model.md",
        "license_detector.onnx",
    ],
)
def test_not_licence_like(path: str) -> None:
    assert not license_like(path)


def test_documents_are_the_card_the_configuration_and_licences_near_the_root() -> None:
    names = [
        "README.md",
        "sub/README.md",
        "config.json",
        "sub/config.json",
        "LICENSE",
        "env/lib/x/LICENSE",
        "readme.md",
    ]
    assert sorted(scan(names)[1]) == ["LICENSE", "README.md", "config.json"]


WEIGHTS = """model.safetensors pytorch_model.bin a.pt a.pth a.ckpt tf_model.h5 flax_model.msgpack a.onnx a.gguf a.ot
a.npz a.tflite
saved_model.pb variables.index variables.data-00000-of-00001 a.GGUF sub/a.Safetensors a.zip a.tar.gz a.pkl
LICENSE.safetensors README.md.bin tokenizer.model""".split()  # noqa: SIM905


@pytest.mark.parametrize("path", WEIGHTS)
def test_weights_are_not_fetchable(path: str) -> None:
    assert is_weights(path)
    assert not fetchable(path)


@pytest.mark.parametrize(
    "path", ["../LICENSE", "/LICENSE", "a//LICENSE", "a/./LICENSE", "LICENSE\n", "a\\LICENSE", "", "x" * 999]
)
def test_paths_that_leave_the_repository_are_not_fetchable(path: str) -> None:
    assert not safe_path(path)
    assert not fetchable(path)


def test_a_name_that_is_no_text_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        scan([3])  # type: ignore[list-item]
