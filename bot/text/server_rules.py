"""What a server's managers decided, each thing in sentences that a person would say.

Channels, roles and people stand in them as Discord mentions them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from bot.text import sentences
from bot.text.accounts import write_amount
from bot.text.languages import LANGUAGES, join_list, name_language_here, say
from bot.text.messages import CONTENT_LIMIT, format_code
from storage.decisions.choices import Limits, ServerChoices
from storage.queue.limits import HostLimits
from storage.quotas import Quotas, parse_quotas

_MENTIONED: Final = 10
"""Most channels, roles or models that one sentence names."""

_TOGETHER: Final = 4
"""Most sentences that stand in one paragraph."""

Tell = Callable[[ServerChoices], Sequence[str]]
"""The sentences about one thing that is set."""


def name_channels(ids: Iterable[int]) -> str:
    """Channels as a list in a sentence."""
    return _name([f"<#{id_}>" for id_ in ids])


def name_roles(ids: Iterable[int]) -> str:
    """Roles as a list in a sentence."""
    return _name([f"<@&{id_}>" for id_ in ids])


def name_models(names: Iterable[str]) -> str:
    """Models as a list in a sentence."""
    return _name(list(names))


def _name(mentions: Sequence[str]) -> str:
    shown = list(mentions[:_MENTIONED])
    if len(mentions) > _MENTIONED:
        shown.append(say(sentences.RULE_OTHERS, count=len(mentions) - _MENTIONED))
    return join_list(shown)


def _tell_channels(choices: ServerChoices) -> str:
    if choices.channels:
        return say(sentences.RULE_CHANNELS, channels=name_channels(choices.channels))
    return say(sentences.RULE_CHANNELS_ALL)


def _tell_roles(choices: ServerChoices) -> str:
    if choices.roles:
        return say(sentences.RULE_ROLES, roles=name_roles(choices.roles))
    return say(sentences.RULE_ROLES_ALL)


def _tell_editors(choices: ServerChoices) -> str:
    if choices.editors:
        return say(sentences.RULE_EDITORS, roles=name_roles(choices.editors))
    return say(sentences.RULE_EDITORS_NONE)


def _tell_models(choices: ServerChoices) -> str:
    if choices.families:
        return say(sentences.RULE_MODELS, models=name_models(map(format_code, choices.families)))
    return say(sentences.RULE_MODELS_ALL)


def tell_results(choices: ServerChoices) -> str:
    """Where pictures appear."""
    if choices.results:
        return say(sentences.RULE_RESULTS, channel=f"<#{choices.results}>")
    return say(sentences.RULE_RESULTS_HERE)


def tell_language(choices: ServerChoices) -> str:
    """Which language is spoken."""
    if choices.language in {"en", *LANGUAGES}:
        return say(sentences.RULE_LANGUAGE, language=name_language_here(choices.language))
    return say(sentences.RULE_LANGUAGE_OWN)


def tell_gallery(choices: ServerChoices) -> str:
    """Whose pictures members see in the gallery."""
    return say(sentences.RULE_GALLERY_OPEN if choices.gallery else sentences.RULE_GALLERY_OWN)


def _tell_words(choices: ServerChoices) -> Iterator[str]:
    lists = (
        (sentences.RULE_REFUSED, choices.refused),
        (sentences.RULE_RESTRICTED, choices.restricted),
    )
    for rule, words in lists:
        if words:
            yield say(rule, count=len(words))
    if not any(words for _, words in lists):
        yield say(sentences.RULE_WORDS_NONE)


def list_words(choices: ServerChoices) -> Iterator[str]:
    """The words themselves, each list on a line and hidden until it is pressed."""
    lists = (
        (sentences.WORDS_REFUSED, choices.refused),
        (sentences.WORDS_RESTRICTED, choices.restricted),
    )
    for title, words in lists:
        if words:
            yield f"{say(title)}: ||{', '.join(words).replace('|', '')}||"


def tell_repeat(choices: ServerChoices) -> str:
    """How much one request may make."""
    return say(sentences.RULE_REPEAT, count=choices.repeat)


def tell_largest(choices: ServerChoices) -> str:
    """How large pictures may be."""
    if choices.largest:
        return say(sentences.RULE_LARGEST, count=choices.largest)
    return say(sentences.RULE_LARGEST_ANY)


def tell_keep(days: int) -> str:
    """How long requests stay.

    Args:
        days: How many days; 0 for as long as the host keeps them.
    """
    if days:
        return say(sentences.RULE_KEEP, count=days)
    return say(sentences.RULE_KEEP_HOST)


def _tell_limits(choices: ServerChoices) -> Iterator[str]:
    yield tell_repeat(choices)
    yield tell_largest(choices)
    yield tell_keep(choices.keep)
    limits = Limits(unfinished=choices.unfinished, daily=choices.daily)
    yield tell_may(say(sentences.WHO_EVERYONE), limits)


def _tell_quotas(choices: ServerChoices) -> str:
    quotas = list(_list_quotas(parse_quotas(choices.quotas)))
    if quotas:
        return say(sentences.MAY, who=say(sentences.WHO_EVERYONE), things=join_list(quotas))
    return say(sentences.RULE_QUOTAS_NONE)


def _tell_role_limits(choices: ServerChoices) -> Iterator[str]:
    for role, limits in choices.limits.items():
        yield tell_may(say(sentences.WHO_ROLES, roles=f"<@&{role}>"), limits)
    if not choices.limits:
        yield say(sentences.RULE_ROLE_LIMITS_NONE)


def tell_may(who: str, limits: Limits) -> str:
    """How much somebody may ask for, in one sentence.

    Args:
        who: Of whom that is said, as the sentence begins.
        limits: How much.
    """
    things = [say(sentences.MAY_UNFINISHED, count=limits.unfinished)]
    if limits.daily:
        things.append(say(sentences.MAY_DAILY, count=limits.daily))
    else:
        things.append(say(sentences.MAY_DAILY_ANY))
    things += _list_quotas(parse_quotas(limits.quotas))
    if limits.share > 1:
        things.append(say(sentences.MAY_SHARE, share=limits.share))
    return say(sentences.MAY, who=who, things=join_list(things))


def tell_host(host: HostLimits) -> str:
    """What whoever runs the bot allows anybody, whatever a server says."""
    things = [say(sentences.MAY_UNFINISHED, count=host.unfinished)]
    if host.daily:
        things.append(say(sentences.MAY_DAILY, count=host.daily))
    things += _list_quotas(host.quotas)
    return say(sentences.HOST_MAY, things=join_list(things))


def _list_quotas(quotas: Quotas) -> Iterator[str]:
    for kind, amount in sorted(quotas.items()):
        yield say(
            sentences.MAY_QUOTAS[kind.unit],
            amount=write_amount(kind.unit, amount),
            period=say(sentences.EACH[kind.period]),
        )


def list_amounts(quotas: Quotas) -> str:
    """Quotas as amounts, such as "50 pictures a day and 60 fast minutes a week"."""
    return join_list(
        [
            f"{write_amount(kind.unit, amount)} {say(sentences.EACH[kind.period])}"
            for kind, amount in sorted(quotas.items())
        ]
    )


RULES: Final[Mapping[str, Tell]] = {
    "channels": lambda choices: [_tell_channels(choices)],
    "roles": lambda choices: [_tell_roles(choices)],
    "editors": lambda choices: [_tell_editors(choices)],
    "families": lambda choices: [_tell_models(choices)],
    "results": lambda choices: [tell_results(choices)],
    "language": lambda choices: [tell_language(choices)],
    "gallery": lambda choices: [tell_gallery(choices)],
    "words": lambda choices: list(_tell_words(choices)),
    "limits": lambda choices: list(_tell_limits(choices)),
    "quotas": lambda choices: [_tell_quotas(choices)],
    "role": lambda choices: list(_tell_role_limits(choices)),
}
"""What tells each thing that can be set, by its name, in the order in which they are told."""

TITLES: Final = {
    "channels": sentences.PANEL_CHANNELS,
    "roles": sentences.PANEL_ROLES,
    "editors": sentences.PANEL_EDITORS,
    "families": sentences.PANEL_FAMILIES,
    "results": sentences.PANEL_RESULTS,
    "language": sentences.PANEL_LANGUAGE,
    "gallery": sentences.PANEL_GALLERY,
    "words": sentences.PANEL_WORDS,
    "limits": sentences.PANEL_LIMITS,
    "quotas": sentences.PANEL_QUOTAS,
    "role": sentences.PANEL_ROLE,
}
"""What each of them is called."""


def list_rules(choices: ServerChoices, host: HostLimits) -> Iterator[tuple[str, Sequence[str]]]:
    """Everything that is set: what each thing is called, and what is said of it.

    Args:
        choices: What the server decided.
        host: What whoever runs the bot allows.
    """
    for name, tell in RULES.items():
        told = tell(choices)
        yield say(TITLES[name]), [*told, tell_host(host)] if name == "quotas" else told


def write_rules(choices: ServerChoices, host: HostLimits) -> str:
    """The same as far as a message holds it."""
    lines = []
    for title, told in list_rules(choices, host):
        # Roles may be many; each goes on a line that can be left out.
        if len(told) > _TOGETHER:
            lines += [f"**{title}**", *(f"- {sentence}" for sentence in told)]
        else:
            lines.append(f"**{title}** {' '.join(told)}")
    return fit_lines(lines)


def fit_lines(lines: Sequence[str]) -> str:
    """Lines as far as a message holds them, and how many are left."""
    text = "\n".join(lines)
    for left in range(1, len(lines)):
        if len(text) <= CONTENT_LIMIT:
            break
        text = "\n".join([*lines[:-left], say(sentences.ASK_MORE, more=left)])
    return text[:CONTENT_LIMIT]
