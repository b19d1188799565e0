"""What doctor says of LoRAs, by their headers alone."""

from pathlib import Path

from cli.findings import Finding, State
from cli.lora_check import examine_loras
from storage.settings import Settings
from tests.generation.single_files import write_header


def examined(loras: str, **chosen: str) -> list[Finding]:
    return list(examine_loras(Settings(_env_file=None, loras=loras, **chosen)))  # type: ignore[call-arg, arg-type]


def test_each_file_is_told_by_its_header(tmp_path: Path) -> None:
    key = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    xl = write_header(
        tmp_path / "xl.safetensors",
        f"{key}.lora_down.weight:16x2048",
        ss_tag_frequency='{"ink": {"ink wash": 3}}',
    )
    ia3 = write_header(tmp_path / "ia3.safetensors", f"{key}.on_input:1")
    setting = f"ink={xl}; sd15:ink={xl}; odd={ia3}; gone={tmp_path}/gone.safetensors"
    found = examined(setting, model="sdxl", models="sd15")
    assert [(one.name, one.state) for one in found] == [
        ("lora ink", State.OK),
        ("lora ink", State.FAULT),
        ("lora odd", State.FAULT),
        ("lora gone", State.NOTE),
    ]
    assert found[0].says == "LoRA of rank 16 for sdxl; its words: ink wash"
    assert found[1].says == "LoRA of rank 16 for sdxl, and served here is sd15"
    assert "ia3.safetensors is an IA3, which Easel does not draw with" in found[2].says
    assert not any(str(tmp_path) in one.says for one in found)
    (alone,) = examined(f"ink={xl}", model="z-image")
    assert "served here is z-image" in alone.says
    (broken,) = examined("ink")
    assert (broken.name, broken.mend) == ("loras", "correct EASEL_LORAS")
