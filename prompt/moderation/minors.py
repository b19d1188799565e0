"""Minors in a sexual context: what is drawn nowhere, whatever a host or a server says."""

import re
from collections.abc import Iterable
from typing import Final

from prompt.moderation.spelling import fold
from prompt.moderation.words import WordList

ADULT: Final = 18
"""Years."""

_YOUNG: Final = WordList(
    (
        # English
        *("child", "children", "childs", "kid", "kids", "kiddo", "toddler", "toddlers", "infant"),
        *("infants", "baby", "babies", "minor", "minors", "underage", "under age", "preteen"),
        *("preteens", "pre teen", "tween", "tweens", "teen", "teens", "teenage", "teenager"),
        *("teenagers", "teenaged", "adolescent", "adolescents", "schoolgirl", "schoolgirls"),
        *("schoolboy", "schoolboys", "schoolchild", "kindergartner", "kindergartener"),
        *("little girl", "little girls", "little boy", "little boys", "young girl", "young girls"),
        *("young boy", "young boys", "loli", "lolis", "lolicon", "lolita", "shota", "shotas"),
        *("shotacon", "jailbait", "prepubescent", "pubescent", "juvenile", "cub girl", "boyhood"),
        *("girlhood", "childlike", "grade schooler", "middle schooler", "elementary schooler"),
        # German
        *("kinder", "kindes", "kleinkind", "kleinkinder", "säugling", "minderjährig*", "ein kind"),
        *("das kind", "kleines kind", "nacktes kind", "nackte kind", "nackten kind"),
        *("schulmädchen", "schuljunge", "kleiner junge", "kleinen jungen"),
        *("jugendliche*", "teenagerin", "mädchen"),
        # Spanish and Portuguese
        *("niño", "niña", "niños", "niñas", "nena", "menor de edad", "menores", "adolescente"),
        *("adolescentes", "colegiala", "colegialas", "bebé", "criança", "crianças", "menino"),
        *("menina", "meninos", "meninas", "menor de idade", "bebê", "infantil"),
        # French
        *("enfant", "enfants", "fillette", "fillettes", "garçonnet", "mineur", "mineure"),
        *("mineurs", "mineures", "petite fille", "petit garçon", "bébé", "écolière", "écolières"),
        *("ados",),
        # Japanese
        *("子供", "子ども", "こども", "幼女", "幼児", "少女", "少年", "小学生", "中学生", "ロリ"),
        *("ショタ", "未成年", "園児"),
    )
)
"""What says that somebody is a minor."""

_SEXUAL: Final = WordList(
    (
        # English
        *("sex", "sexual", "sexually", "sexy", "sexualized", "sexualised", "nude", "nudes"),
        *("nudity", "naked", "nsfw", "porn", "porno", "pornographic", "pornography", "erotic"),
        *("erotica", "hentai", "ecchi", "lewd", "topless", "bottomless", "undressed"),
        *("undressing", "lingerie", "masturbat*", "orgasm*", "blowjob*", "handjob*", "cumshot*"),
        *("ahegao", "penis", "penises", "vagina", "vaginas", "vulva", "genital*", "pussy"),
        *("boobs", "tits", "titties", "nipples", "breasts", "cleavage", "horny", "fetish*"),
        *("bdsm", "bondage", "rape", "raped", "raping", "intercourse", "seductive", "seductively"),
        *(
            "rating explicit",
            "explicit content",
            "xxx",
            "r34",
            "rule34",
            "upskirt",
            "cameltoe",
            "fucking",
            "fucked",
            "fuck",
        ),
        *("without clothes", "no clothes", "no clothing", "unclothed", "stripping", "creampie"),
        *("without any clothes", "without any clothing", "without clothing", "wearing nothing"),
        *("nothing on", "undress", "undresses", "strip", "strips", "striptease", "bare breasts"),
        *("take off her clothes", "take off his clothes", "take her clothes off", "in the nude"),
        *("take off the clothes", "remove her clothes", "remove his clothes", "remove clothes"),
        *("remove the clothes", "take off clothes", "take clothes off", "take his clothes off"),
        # German
        *(
            "nackt",
            "nackte",
            "nackter",
            "nacktes",
            "nackten",
            "sexuell*",
            "erotisch*",
            "pornograf*",
        ),
        *("unbekleidet*", "ohne kleidung", "brüste", "reizwäsche"),
        # Spanish and Portuguese
        *("desnudo", "desnuda", "desnudos", "desnudas", "desnudez", "erótico", "erótica", "sexo"),
        *("pornográf*", "lencería", "pechos", "sin ropa", "nu", "nua", "nus", "nuas", "pelado"),
        *("pelada", "sem roupa", "seios", "sensual"),
        # French
        *("nue", "nues", "nudité", "sexe", "sexuel*", "érotique*", "pornographique*", "seins"),
        *("déshabillé*", "sans vêtements"),
        # Japanese
        *(
            "裸",
            "ヌード",
            "エロ",
            "えっち",
            "エッチ",
            "性的",
            "セックス",
            "全裸",
            "おっぱい",
            "下着姿",
        ),
    )
)
"""What says that something is sexual."""

_HARMLESS: Final = re.compile(
    r"\b(?:naked[ -](?:mole[ -]?rats?|eye|neck|bike|cake|truth|barley|juice|singularity)"
    r"|nude[ -](?:colou?red|colou?rs?|lipsticks?|heels?|palette|tones?|beige|pink|shades?|shoes?)"
    r"|pussy[ -](?:willows?|cats?|riot)|(?:blue|great|coal|marsh|willow) tits?"
    r"|(?:kid|baby) goats?|baby (?:blue|pink|breath|grand|corn)|sex (?:education|pistols)"
    r"|minor (?:keys?|chords?|scales?|arcana|planets?|leagues?|details?|damage)"
    r"|explicit lyrics|(?:chicken|turkey|duck) breasts?|stripping (?:paint|wires?|bark))\b"
)
"""Words of the lists that mean nothing of the kind where they stand so."""

_CLOTHES: Final = WordList(
    (
        *("clothes", "clothing", "clothed", "dressed", "garments", "underwear", "panties", "bra"),
        *("swimsuit", "bikini", "shirt", "pants", "trousers", "skirt", "dress", "kleidung"),
        *("kleider", "unterwäsche", "ropa", "vestido", "vêtements", "habits", "roupa", "roupas"),
        *("服", "衣服", "下着", "水着"),
    )
)
"""What leaves somebody undressed where it is left out."""

# Years alone may be a span of time.
_AGE: Final = re.compile(
    r"(?<![\d.])(\d{1,2})[\s-]*(?:(?:years?|yrs?)[\s-]*olds?|yo|y[./]o|jahre? alt|jährige[nrs]?"
    r"|jahrige[nrs]?|años|anos de idade|ans)\b"
    r"|(?<![\d.])(\d{1,2})\s*(?:歳|才)"
    r"|\baged?(?: of)?\s+(\d{1,2})\b(?!\s*[x×:])"
)
_NUMBER: Final = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen)"
)
_SAID_IN_WORDS: Final = re.compile(
    rf"\b{_NUMBER}[\s-]+years?[\s-]+olds?\b|\b(?:girl|boy) of {_NUMBER}\b|\baged? {_NUMBER}\b"
)


def sexualizes_minors(wanted: Iterable[str], unwanted: Iterable[str] = ()) -> bool:
    """Whether what a prompt asks for is a minor in a sexual context.

    Args:
        wanted: What a picture shall show.
        unwanted: What it shall not: to leave clothes out is to ask for none.
    """
    whole = _read_harm(wanted)
    if not _names_young(whole):
        return False
    return _SEXUAL.find(whole) is not None or _CLOTHES.find(" ".join(unwanted)) is not None


def names_minors(wanted: Iterable[str]) -> bool:
    """Whether what a prompt asks for has a minor in it, in whatever context."""
    return _names_young(_read_harm(wanted))


def _read_harm(wanted: Iterable[str]) -> str:
    """The words in one spelling, without those that mean nothing of the kind."""
    return _HARMLESS.sub(" ", fold(" ".join(wanted)))


def _names_young(text: str) -> bool:
    return _YOUNG.find(text) is not None or _names_young_age(text)


def _names_young_age(text: str) -> bool:
    if _SAID_IN_WORDS.search(text):
        return True
    ages = (int(next(filter(None, found.groups()))) for found in _AGE.finditer(text))
    return any(0 < age < ADULT for age in ages)
