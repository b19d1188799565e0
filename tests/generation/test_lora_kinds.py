"""Every kind of file that is called a LoRA, on tiny models: a changed picture, or one sentence."""

from itertools import product
from pathlib import Path

import pytest
import torch

from generation.catalogue.extras import extend_card
from generation.catalogue.families import find_card
from generation.catalogue.headers import Header, WeightsError
from generation.catalogue.lora_files import LoraFile, read_lora_file, tell_lora
from generation.catalogue.loras import read_offered, select_fitting
from generation.conditioning.lora import load_loras
from generation.conditioning.lora_deltas import compute_delta, measure_delta, turn_to_norms
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.sampling.engine import Engine
from storage.queue.jobs import RenderError
from tests.generation.lora_kinds import build_fused, build_kind
from tests.generation.loras import build_lora
from tests.generation.samples import recipe_for, steered
from tests.generation.test_families import Engines, Folders, distance, draw, same

from generation.recipe import Lora  # isort: skip

ROWS = [
    ("sd15", "LoRA", "kohya", ""),
    ("sd15", "LoRA", "kohya", r"conv1$"),
    ("sd15", "peft", "peft", ""),
    ("sd15", "LoHa", "kohya", ""),
    ("sd15", "LoHa", "kohya", r"conv1$"),
    ("sd15", "LoKr", "kohya", r"conv2$|to_q$"),
    ("sd15", "thin LoKr", "lycoris", ""),
    ("sd15", "DoRA", "kohya", ""),
    ("sd15", "diff", "kohya", ""),
    ("sdxl", "LoRA", "first", ""),
    ("sdxl", "LoHa", "first", ""),
    ("sdxl", "LoKr", "kohya", ""),
    ("flux1-dev", "LoRA", "onetrainer", ""),
    ("flux1-dev", "peft", "peft", ""),
    ("flux1-dev", "LoKr", "lycoris", ""),
    ("flux1-dev", "DoRA", "diffusers", ""),
    ("flux2-klein", "peft", "peft", ""),
    ("flux2-klein", "LoHa", "diffusers", ""),
    ("z-image", "LoHa", "comfy", ""),
    ("z-image", "LoRA", "kohya", ""),
    ("qwen-image-edit", "thin LoKr", "comfy", ""),
    ("qwen-image", "LoRA", "kohya", ""),
]

SPLIT = ("peft", "LoHa", "LoKr")


def wear(engine: Engine, file: Path) -> Engine:
    """The engine, offering a file."""
    known = extend_card(find_card(engine.card.id), "", read_offered(f"it={file}"))
    assert known.loras, "its header says that it is another family's"
    return steered(engine, loras=load_loras(engine.pipe, known, engine.texts))


def try_on(engine: Engine, file: Path) -> float:
    """How far a file leads from the plain picture, which is drawn again to the bit without it."""
    worn, recipe = wear(engine, file), recipe_for(engine, steps=1)
    plain = draw(engine, recipe)[0]
    assert worn.conditioning.loras is not None
    try:
        worn.apply_loras([Lora(name="it", weight=1.0)])
        changed = draw(worn, recipe)[0]
    finally:
        worn.conditioning.loras.remove()
    assert same(draw(engine, recipe)[0], plain)
    return distance(plain, changed)


@pytest.mark.parametrize(("family", "kind", "names", "layers"), ROWS)
def test_every_kind_changes_the_picture_and_is_gone_afterwards(
    engines: Engines, tmp_path: Path, family: str, kind: str, names: str, layers: str
) -> None:
    engine = engines(family)
    file = build_kind(tmp_path / "it.safetensors", engine.pipe, kind, names, layers)
    assert try_on(engine, file) > 0


@pytest.mark.parametrize(
    ("family", "lead", "kind"),
    [
        *product(["flux1-dev"], [""], SPLIT),
        *product(["flux2-klein"], ["diffusion_model."], SPLIT),
        # How a name begins says nothing of what is behind it.
        ("flux1-dev", "diffusion_model.", "peft"),
        ("flux2-klein", "base_model.model.", "peft"),
    ],
)
def test_layers_that_the_model_has_in_three_are_split(
    engines: Engines, tmp_path: Path, family: str, lead: str, kind: str
) -> None:
    assert try_on(engines(family), build_fused(tmp_path / "it.safetensors", lead, kind)) > 0


def test_what_is_no_kind_to_draw_with_is_one_sentence(engines: Engines, tmp_path: Path) -> None:
    engine = engines("sd15")
    file = build_kind(tmp_path / "it.safetensors", engine.pipe, "IA3", "kohya")
    with pytest.raises(WeightsError, match=r"it\.safetensors is an IA3, which Easel does not draw"):
        wear(engine, file)


@pytest.mark.parametrize("kind", ["peft", "LoHa"])
def test_one_of_other_sizes_fails_its_job_and_leaves_the_model_whole(
    engines: Engines, tmp_path: Path, kind: str
) -> None:
    engine, other = engines("z-image"), engines("flux1-dev")
    file = build_kind(tmp_path / "it.safetensors", other.pipe, kind, "comfy", r"ff\.net\.2$")
    recipe = recipe_for(engine, steps=1)
    plain, worn = draw(engine, recipe)[0], wear(engine, file)
    with pytest.raises(RenderError, match="lora"):
        worn.apply_loras([Lora(name="it", weight=1.0)])
    assert same(draw(engine, recipe)[0], plain)


def test_half_the_weight_leads_half_as_far_with_two_at_once(
    engines: Engines, tmp_path: Path
) -> None:
    engine = engines("sd15")
    layer = engine.pipe.unet.down_blocks[0].attentions[0].transformer_blocks[0].attn1.to_q
    own = layer.weight.detach().clone()
    file = build_kind(tmp_path / "it.safetensors", engine.pipe, "LoHa", "kohya")
    thin = build_lora(tmp_path / "thin.safetensors", engine.pipe)
    offered = read_offered(f"it={file};thin={thin}")
    known = extend_card(find_card("sd15"), "", offered)
    loras = load_loras(engine.pipe, known, engine.texts)
    assert loras is not None
    loras.apply([Lora(name="it", weight=1.0)])
    whole = layer.weight.detach() - own
    loras.apply([Lora(name="it", weight=0.5), Lora(name="thin", weight=1.0)])
    worn = engine.pipe.unet.down_blocks[0].attentions[0].transformer_blocks[0].attn1.to_q
    half = worn.base_layer.weight.detach() - own
    loras.remove()
    assert torch.allclose(whole, 2 * half, atol=1e-6)
    assert torch.equal(layer.weight, own)


class TestDifferences:
    def test_are_what_the_papers_say(self) -> None:
        one, two, three, four = (torch.randn(3, 2) for _ in range(4))
        hadamard = {"hada_w1_a": one, "hada_w1_b": two.T, "hada_w2_a": three, "hada_w2_b": four.T}
        wanted = (one @ two.T) * (three @ four.T)
        assert torch.allclose(compute_delta({**hadamard, "alpha": torch.tensor(2.0)}), wanted)
        assert torch.allclose(compute_delta({**hadamard, "alpha": torch.tensor(1.0)}), wanted / 2)
        small, large = torch.randn(2, 3), torch.randn(4, 5)
        whole = {"lokr_w1": small, "lokr_w2": large, "alpha": torch.tensor(7.0)}
        assert torch.equal(compute_delta(whole), torch.kron(small, large))

    @pytest.mark.parametrize("conv", [False, True])
    def test_are_measured_without_being_made(self, conv: bool) -> None:
        core = (3, 3) if conv else ()
        files = [
            {"up": torch.ones(6, 2, *[1] * len(core)), "down": torch.ones(2, 4, *core)},
            {"lokr_w1": torch.ones(2, 2), "lokr_w2": torch.ones(3, 2, *core)},
            {"diff": torch.ones(6, 4, *core)},
        ]
        if conv:
            files += [
                {
                    "hada_t1": torch.ones(2, 2, 3, 3),
                    "hada_t2": torch.ones(2, 2, 3, 3),
                    **{f"hada_w{k}_a": torch.ones(2, 6) for k in (1, 2)},
                    **{f"hada_w{k}_b": torch.ones(2, 4) for k in (1, 2)},
                },
                {
                    "lokr_w1": torch.ones(2, 2),
                    "lokr_t2": torch.ones(2, 2, 3, 3),
                    "lokr_w2_a": torch.ones(2, 3),
                    "lokr_w2_b": torch.ones(2, 2),
                },
                {
                    "mid": torch.ones(2, 2, 3, 3),
                    "up": torch.ones(6, 2, 1, 1),
                    "down": torch.ones(2, 4, 1, 1),
                },
            ]
        for parts in files:
            made = compute_delta(parts)
            assert made.shape == (6, 4, *core)
            assert "mid" in parts or measure_delta(parts) == made.shape

    @pytest.mark.parametrize("by_input", [False, True])
    def test_norms_of_its_own_are_those_that_the_layer_gets(self, by_input: bool) -> None:
        weight, delta = torch.randn(5, 4), torch.randn(5, 4)
        norms = torch.rand(1, 4) + 1 if by_input else torch.rand(5, 1) + 1
        turned = weight + turn_to_norms(weight, delta, norms)
        assert torch.allclose(turned.norm(dim=int(not by_input), keepdim=True), norms)
        assert torch.allclose(
            torch.nn.functional.cosine_similarity(turned, weight + delta, int(not by_input)),
            torch.ones(4 if by_input else 5),
        )


def header(*named: str, **metadata: str) -> Header:
    """A header with tensors such as ``name:4x768``."""
    shapes = {}
    for one in named:
        name, _, shape = one.partition(":")
        shapes[name] = tuple(map(int, shape.split("x"))) if shape else (1,)
    return Header(shapes, {}, metadata)


ATTENTION = "transformer_blocks_0_attn2_to_k.lora_down.weight"

TOLD = [
    (f"lora_unet_down_blocks_0_attentions_0_{ATTENTION}:16x768", {"sd15"}),
    (f"lora_unet_input_blocks_4_1_{ATTENTION}:16x2048", {"sdxl"}),
    (f"lora_unet_mid_block_attentions_0_{ATTENTION}:16x1024", {"sd2"}),
    ("unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_v.lora_A.weight:4x768", {"sd15"}),
    ("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", {"sdxl"}),
    ("lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight", {"flux1-dev", "flux2-klein"}),
    ("diffusion_model.single_blocks.3.linear1.lora_B.weight:21504x16", {"flux1-dev"}),
    ("diffusion_model.single_blocks.3.linear1.lora_B.weight:27648x16", {"flux2-klein"}),
    ("transformer.single_transformer_blocks.0.proj_mlp.lora_A.weight", {"flux1-dev"}),
    ("transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj.lora_A.weight", {"flux2-klein"}),
    ("diffusion_model.layers.0.attention.to_q.lora_A.weight", {"z-image"}),
    ("lora_unet_transformer_blocks_0_img_mod_1.lora_down.weight", {"qwen-image-edit"}),
    ("diffusion_model.blocks.0.cross_attn.k.lora_A.weight", {"wan"}),
]


@pytest.mark.parametrize(("name", "families"), TOLD)
def test_the_header_tells_the_family(name: str, families: set[str]) -> None:
    found = tell_lora("it", header(name))
    known = {"sd15", "sdxl", "sd2", "flux1-dev", "flux2-klein", "z-image", "qwen-image-edit", "wan"}
    assert {family for family in known if found.fits(family)} == families


def test_the_header_tells_kind_rank_and_words() -> None:
    counted = '{"10_ink": {"ink wash": 12, "bird": 3}, "5_more": {"bird": 30}}'
    found = tell_lora("it", header("lora_unet_x.hada_w1_a:8x4", "lora_unet_x.hada_w1_b:4x8"))
    assert found == LoraFile("LoHa", 4)
    told = tell_lora("it", header("lora_unet_x.lora_down.weight:16x9", ss_tag_frequency=counted))
    assert told == LoraFile("LoRA", 16, words=("bird", "ink wash"))
    for broken in ("no json", "[1]", '{"a": 1}'):
        assert tell_lora("it", header("x.lora_A.weight", ss_tag_frequency=broken)).words == ()
    with pytest.raises(WeightsError, match="it is no LoRA"):
        tell_lora("it", header("decoder.conv_in.weight"))


def test_one_of_another_family_is_not_offered_and_where_it_is_named_for_it_refused(
    folders: Folders, engines: Engines, tmp_path: Path
) -> None:
    file = build_kind(tmp_path / "ink.safetensors", engines("z-image").pipe, "peft", "comfy")
    loose, named = read_offered(f"ink={file}"), read_offered(f"sd15:ink={file}")
    assert select_fitting(loose, "sd15") == ()
    assert select_fitting(loose, "z-image") == loose
    assert select_fitting(named, "sd15") == named
    card = extend_card(find_card("sd15"), "", named)
    with pytest.raises(ModelError, match="the LoRA ink of EASEL_LORAS is not made for Stable"):
        load(card, str(folders("sd15")), torch.device("cpu"))
    assert read_lora_file(file).kind == "LoRA"
