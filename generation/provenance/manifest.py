"""Signed statements of where a picture is from (C2PA), written into files and read from them.

The library's own defaults are not used: it would put a thumbnail into every file, fetch what files
of strangers name, and ask for revoked certificates over the network.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from generation.provenance.trust import NOBODY, Trust

if TYPE_CHECKING:
    import c2pa

    from generation.provenance.identity import Identity

MEDIA: Final[Mapping[str, str]] = {
    "png": "image/png",
    "webp": "image/webp",
    "jpeg": "image/jpeg",
}
"""Media types of the formats that can be signed, by their names."""

ROOM: Final = 6144
"""Bytes by which a signature makes a file larger, beside what its ingredients take."""

GENERATED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""What a picture is, as the IPTC names it: made by a model, or with one from somebody's picture."""

MOST_PACKED: Final = 2**18
"""Bytes of an ingredient's own statements that are kept; larger ones are named alone."""

_GENERATOR: Final = {"name": "Easel"}
_ASSERTION: Final = "easel.picture"
"""Label of what we say beside what the standard has words for."""

# C2PA 2.2, §10.2: what a model was given; what is opened and edited would keep its pixels.
_INPUT: Final = "inputTo"

State = Literal["ours", "other", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """A picture that another is made from.

    Attributes:
        label: Its name within the statement.
        title: What people read of it.
        packed: Its own statements, as ``pack`` wrote them; empty where it has none.
    """

    label: str
    title: str
    packed: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is said of a picture.

    Attributes:
        title: The file's name.
        job: The beginning of the job's id, 8 hexadecimal digits.
        digest: Of the recipe.
        model: What drew it.
        source: `GENERATED` or `COMPOSITE`.
        prompt: The words, where the host has them told; else empty.
        ingredients: What it is made from.
    """

    title: str
    job: str
    digest: str
    model: str
    source: str = GENERATED
    prompt: str = ""
    ingredients: Sequence[Ingredient] = ()

    @property
    def room(self) -> int:
        """Bytes by which it makes a file larger, at most."""
        return ROOM + sum(len(one.packed) + 1024 for one in self.ingredients) + len(self.prompt) * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a file says of itself.

    Attributes:
        state: ``ours`` is signed by this host and unchanged; ``other`` is unchanged and signed by
            somebody who is not known here; ``broken`` does not fit its signature.
        signed_here: Whether the signature is this host's, though it may not fit the file.
        issuer: Who signed, as the certificate says.
        generator: The program, as it says itself.
        source: The last word of the digital source type, such as ``trainedAlgorithmicMedia``.
        job: The beginning of the job's id, where the statement is Easel's.
        ingredients: Titles of what it is made from.
    """

    state: State
    signed_here: bool
    issuer: str
    generator: str
    source: str
    job: str
    ingredients: tuple[str, ...]


def sign(data: bytes, kind: str, claim: Claim, identity: "Identity", timestamps: str = "") -> bytes:
    """The file with a signed statement in it.

    Args:
        data: A picture's file.
        kind: Its format, one of `MEDIA`.
        claim: What is said of it.
        identity: Whose word it is.
        timestamps: Address of a time-stamping service (RFC 3161); empty for none, and no network.

    Raises:
        RuntimeError: The library does not sign it.
    """
    import c2pa  # noqa: PLC0415 - 23 MB, once there is something to sign

    info = c2pa.C2paSignerInfo(
        identity.algorithm,
        identity.chain.encode(),
        identity.key.encode(),
        # An empty address would be asked.
        timestamps or None,
    )
    signed = io.BytesIO()
    try:
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(_write(claim), context=_open()) as builder,
        ):
            for one in claim.ingredients:
                if one.packed:
                    builder.add_ingredient_from_archive(io.BytesIO(one.packed))
            builder.sign(signer, MEDIA[kind], io.BytesIO(data), signed)
    except c2pa.C2paError as error:
        raise RuntimeError(f"not signed: {error}") from error
    return signed.getvalue()


def read(data: bytes, kind: str, trust: Trust = NOBODY) -> Statement | None:
    """What a file says of itself; None where it has no statement, or none that can be read.

    Args:
        data: A picture's file; a stranger's may be anything.
        kind: Its format, one of `MEDIA`.
        trust: Whose signatures are this host's.
    """
    import c2pa  # noqa: PLC0415

    try:
        with c2pa.Reader(MEDIA[kind], io.BytesIO(data), context=_open(trust.roots)) as reader:
            store, state = json.loads(reader.json()), reader.get_validation_state()
    except c2pa.C2paError:
        return None
    active = store.get("manifests", {}).get(store.get("active_manifest"))
    return None if active is None else _describe(active, store, state, trust)


def pack(data: bytes, kind: str, label: str, title: str) -> bytes:
    """The statements of a file without its pixels, for ``Ingredient.packed``; empty without any.

    What is larger than `MOST_PACKED` is left out. The label and the title are the ingredient's.
    """
    import c2pa  # noqa: PLC0415

    packed = io.BytesIO()
    try:
        # Without one there is nothing to keep.
        c2pa.Reader(MEDIA[kind], io.BytesIO(data), context=_open()).close()
        with c2pa.Builder({"claim_generator_info": [_GENERATOR]}, context=_open()) as one:
            one.add_ingredient(_describe_input(label, title), MEDIA[kind], io.BytesIO(data))
            one.write_ingredient_archive(label, packed)
    except c2pa.C2paError:
        return b""
    return packed.getvalue() if packed.tell() <= MOST_PACKED else b""


def _open(root: str = "") -> "c2pa.Context":
    """The library's settings: no thumbnails, no network, and whose signatures are ours."""
    import c2pa  # noqa: PLC0415

    chosen = {
        "version": 1,
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
        **({"trust": {"user_anchors": root}} if root else {}),
    }
    return c2pa.Context(c2pa.Settings.from_dict(chosen))


def _write(claim: Claim) -> dict[str, Any]:
    """A claim as the library takes it."""
    action: dict[str, Any] = {"action": "c2pa.created", "digitalSourceType": claim.source}
    if claim.ingredients:
        action["parameters"] = {"ingredientIds": [one.label for one in claim.ingredients]}
    own = {"job": claim.job, "recipe": claim.digest, "model": claim.model}
    if claim.prompt:
        own["prompt"] = claim.prompt
    return {
        "claim_generator_info": [_GENERATOR],
        "title": claim.title,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [action]}},
            {"label": _ASSERTION, "data": own},
        ],
        "ingredients": [
            _describe_input(one.label, one.title) for one in claim.ingredients if not one.packed
        ],
    }


def _describe_input(label: str, title: str) -> dict[str, str]:
    return {"title": title, "label": label, "instance_id": label, "relationship": _INPUT}


def _describe(
    active: Mapping[str, Any], store: Mapping[str, Any], state: str | None, trust: Trust
) -> Statement:
    results = store.get("validation_results", {}).get("activeManifest", {})
    proven = {one.get("code") for one in results.get("success", ())}
    signature = active.get("signature_info", {})
    signed_here = {
        "signingCredential.trusted",
        "claimSignature.validated",
    } <= proven and signature.get("cert_serial_number") in trust.serials
    said: State = "broken" if state not in {"Valid", "Trusted"} else "other"
    own = next(iter(_list_data(active, _ASSERTION)), {})
    generators = active.get("claim_generator_info") or [{}]
    sources = (
        str(action["digitalSourceType"])
        for data in _list_data(active, "c2pa.actions")
        for action in data.get("actions", ())
        if action.get("digitalSourceType")
    )
    return Statement(
        state="ours" if said == "other" and signed_here else said,
        signed_here=signed_here,
        issuer=str(signature.get("issuer") or ""),
        generator=str(generators[0].get("name") or active.get("claim_generator") or ""),
        source=next(sources, "").rpartition("/")[2],
        job=str(own.get("job", "")),
        ingredients=tuple(str(one.get("title", "")) for one in active.get("ingredients", ())),
    )


def _list_data(active: Mapping[str, Any], label: str) -> Iterator[Mapping[str, Any]]:
    """What assertions of a kind say, whatever their version."""
    for one in active.get("assertions", ()):
        if str(one.get("label", "")).startswith(label) and isinstance(one.get("data"), dict):
            yield one["data"]
