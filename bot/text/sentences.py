"""The table of sentences that people see, in English; each stands here once."""

from typing import Final

from generation.catalogue.card import Capability
from prompt.sentences import Plural

QUEUED: Final = "queued, {place}"
QUEUED_WAIT: Final = "queued, {place}, {wait}"
QUEUED_UNSERVED: Final = "queued; no worker draws with {model} just now, so this waits for one"
STARTING: Final = "starting"
LOADING: Final = "loading {model}"
RUNNING: Final = "{percent} %"
CANCELLED: Final = "cancelled"
CANCELLED_BY: Final = "cancelled by {who}"

BY_IMAGE: Final = "{model} drew this because it is made from a photograph."
UNKNOWN_WORDS: Final = "I do not know {words}; this model knows: {looks}."
GONE: Final = "I cannot find the job behind this button; it may have been deleted."
OLD_BUTTON: Final = "This button comes from another version of me. Please run the command again."
OTHER_FAMILY: Final = (
    "These pictures were made with `{family}`, which is no longer installed. Run `/imagine` to "
    "use {now}."
)
FORM_LATE: Final = (
    "I am too busy to show the form just now, and nothing was queued; please press that again in a "
    "moment."
)
NOT_YOURS: Final = "Only the person who asked for this, or a moderator, can do that."
TOO_LATE: Final = "This job has already ended, so there is nothing left to cancel."
NO_COMMAND: Final = (
    "This command has changed since your Discord loaded it. Please press Ctrl+R and try again."
)
TOO_MANY: Final = Plural(
    "You have {limit} job queued or running, which is the limit. Try again when it finishes.",
    "You have {limit} jobs queued or running, which is the limit. Try again when one finishes.",
    by="limit",
)
TOO_MANY_TOGETHER: Final = Plural(
    "This makes {count} job, and you have room for {room}: up to {limit} of yours can be queued "
    "or running at a time.",
    "This makes {count} jobs, and you have room for {room}: up to {limit} of yours can be queued "
    "or running at a time.",
)
UNEXPECTED: Final = (
    "Something went wrong on my side and nothing was queued. Please try again. If it keeps "
    "happening, give the admin this code: `{reference}`."
)

QUEUE_THEM: Final = "Queue them"
NEVER_MIND: Final = "Never mind"
DRAW_THAT: Final = "Draw that"
ASK: Final = Plural("This makes {count} job:", "This makes {count} jobs:")
ASK_MORE: Final = Plural("… and {more} more.", "… and {more} more.", by="more")
ASKED: Final = Plural("Queued {count} job.", "Queued {count} jobs.")
FORGOTTEN: Final = "Nothing was queued."
DRAFT_GONE: Final = (
    "This question was already answered, or is more than a week old; please run the command again."
)
WAITING: Final = "One moment…"
SEEDS_FOLLOW: Final = (
    "`--seed` applies to the first repetition; the others use the seeds that follow it."
)

SERVER_CHANNEL: Final = "On this server pictures are made in {channels}; please ask there."
SERVER_ROLE: Final = (
    "On this server only members with {roles} can make pictures; its managers give out roles."
)
SERVER_REPEAT: Final = Plural(
    "This makes {count} job, and this server allows {limit} per request; ask for fewer at a time.",
    "This makes {count} jobs, and this server allows {limit} per request; ask for fewer at a time.",
)
TOO_MANY_LINKS: Final = Plural(
    "This links to {count} image, and I fetch up to {limit} for one request; please use fewer.",
    "This links to {count} different images, and I fetch up to {limit} for one request; please use "
    "fewer.",
)
FRAME_LONG: Final = (
    "{model} draws from 1:{limit} to {limit}:1, and this would be longer: make it square first, "
    "or pan another way."
)
SERVER_DAILY: Final = Plural(
    "This server allows {limit} job per person in 24 hours, and you have asked for {asked}; "
    "please try again later.",
    "This server allows {limit} jobs per person in 24 hours, and you have asked for {asked}; "
    "please try again later.",
    by="limit",
)
SERVER_DAILY_TOGETHER: Final = Plural(
    "This makes {count} job, and you have room for {room}: this server allows {limit} per person "
    "in 24 hours, and you have asked for {asked}.",
    "This makes {count} jobs, and you have room for {room}: this server allows {limit} per person "
    "in 24 hours, and you have asked for {asked}.",
)
OTHER_SERVER: Final = (
    "Whoever runs me lets me make pictures on other servers only; an Easel of your own can make "
    "them here."
)
DIRECT_OFF: Final = "I make no pictures in direct messages; please ask on a server."
DIRECT_MEMBERS: Final = (
    "In direct messages I make pictures only for members of the servers that I make them on."
)
HOST_DAILY: Final = Plural(
    "Whoever runs me allows {limit} job per person in 24 hours, over all servers, and you have "
    "asked for {asked}; please try again later.",
    "Whoever runs me allows {limit} jobs per person in 24 hours, over all servers, and you have "
    "asked for {asked}; please try again later.",
    by="limit",
)
HOST_DAILY_TOGETHER: Final = Plural(
    "This makes {count} job, and you have room for {room}: whoever runs me allows {limit} per "
    "person in 24 hours, over all servers, and you have asked for {asked}.",
    "This makes {count} jobs, and you have room for {room}: whoever runs me allows {limit} per "
    "person in 24 hours, over all servers, and you have asked for {asked}.",
)
UNITS: Final = {
    "jobs": Plural("{count} job", "{count} jobs"),
    "pictures": Plural("{count} picture", "{count} pictures"),
    "minutes": Plural("{count} GPU minute", "{count} GPU minutes"),
    "fast": Plural("{count} fast minute", "{count} fast minutes"),
}
PERIODS: Final = {"day": "today", "week": "this week", "month": "this month"}
SERVER_QUOTA: Final = (
    "This server allows you {limit} {period}, and you have used or queued {used}; it starts anew "
    "{when}."
)
HOST_QUOTA: Final = (
    "Whoever runs me allows you {limit} {period}, over all servers, and you have used or queued "
    "{used}; it starts anew {when}."
)
FAST_SPENT: Final = (
    "Your fast time is used up: {used} of {limit} {period}. It starts anew {when}; until then I "
    "can draw this relaxed, when nobody else waits."
)
FAST_SHORT: Final = (
    "Your fast time is not enough: {used} of {limit} {period} are used. It starts anew {when}; "
    "until then I can draw this relaxed, when nobody else waits."
)
WOULD_TAKE: Final = "This would take about {needs}."
FAST_OFFER: Final = "I can draw it relaxed, when nobody else waits:"
DRAW_RELAXED: Final = "Draw it relaxed"
SERVER_BLOCKED: Final = "The managers of this server do not let you ask for pictures here."
SERVER_BLOCKED_UNTIL: Final = (
    "The managers of this server let you ask for pictures here again {when}."
)
HOST_BLOCKED: Final = "Whoever runs me does not let you ask for pictures."
HOST_BLOCKED_UNTIL: Final = "Whoever runs me lets you ask for pictures again {when}."
SERVER_FAMILY: Final = "This server allows only {allowed}; the current model is `{family}`."
SERVER_SIZE: Final = (
    "The longest side of this picture would be {side} pixels, and this server allows {limit}; a "
    "ratio closer to square would work."
)
ELSEWHERE: Final = "Your pictures appear in {where}."
ELSEWHERE_PRIVATE: Final = "Your pictures come to you as direct messages."
NOT_REPEATED: Final = (
    "This did not work, and why cannot be said here: Discord or the server's AutoMod refuses a "
    "message with what you typed."
)
NO_PLACE: Final = (
    "I am not allowed to post where your pictures should appear; allow direct messages, or ask "
    "the server's managers."
)

PANEL_CHOOSE: Final = "What to change"
PANEL_CHANNELS: Final = "Channels"
PANEL_ROLES: Final = "Roles"
PANEL_EDITORS: Final = "Preset editors"
PANEL_FAMILIES: Final = "Models"
PANEL_RESULTS: Final = "Pictures appear in"
PANEL_LANGUAGE: Final = "Language"
PANEL_GALLERY: Final = "Gallery on the web"
PANEL_LIMITS: Final = "Limits"
PANEL_ROLE: Final = "Limits of a role"
PANEL_CHANGES: Final = "Latest changes"
PANEL_QUOTAS: Final = "Quotas"
PANEL_MEMBERS: Final = "Members see this"
PANEL_DEFAULT: Final = "Default preset"
PANEL_PRESET: Final = "Preset {name}"
LIMIT_REPEAT: Final = "Jobs per request"
LIMIT_LARGEST: Final = "Longest side in pixels"
LIMIT_KEEP: Final = "Days to keep requests"
LIMIT_UNFINISHED: Final = "Unfinished jobs per person"
LIMIT_DAILY: Final = "Jobs per person in 24 hours"
LIMIT_SHARE: Final = "Share of GPU time, 1 is usual"
LIMIT_OR_ANY: Final = "{limit}, 0 for no limit"
RULE_OTHERS: Final = Plural("{count} other", "{count} others")
RULE_CHANNELS: Final = "Pictures can be asked for in {channels} alone."
RULE_CHANNELS_ALL: Final = "Pictures can be asked for in every channel."
RULE_ROLES: Final = (
    "Members with {roles}, and those who manage the server, may ask for pictures; nobody else may."
)
RULE_ROLES_ALL: Final = "Everyone may ask for pictures."
RULE_EDITORS: Final = (
    "Members with {roles}, and those who manage the server, may change its presets."
)
RULE_EDITORS_NONE: Final = "Those who manage the server may change its presets."
RULE_MODELS: Final = "No model draws here but {models}."
RULE_MODELS_ALL: Final = "Every model may draw."
RULE_RESULTS: Final = "Pictures appear in {channel}."
RULE_RESULTS_HERE: Final = "Pictures appear where they are asked for."
RULE_LANGUAGE: Final = "I speak to everyone in one language: {language}."
RULE_LANGUAGE_OWN: Final = "I speak to everyone in their own language."
RULE_GALLERY_OWN: Final = "In the gallery, members see their own pictures alone."
RULE_GALLERY_OPEN: Final = "In the gallery, members see all pictures of the channels that they see."
RULE_WORDS_NONE: Final = "This server has no list of words of its own."
RULE_REFUSED: Final = Plural(
    "{count} word or phrase of this server's is not drawn.",
    "{count} words or phrases of this server's are not drawn.",
)
RULE_RESTRICTED: Final = Plural(
    "{count} is drawn only in channels for adults.",
    "{count} are drawn only in channels for adults.",
)
RULE_REPEAT: Final = Plural(
    "One request makes {count} job at most.", "One request makes up to {count} jobs."
)
RULE_LARGEST: Final = Plural(
    "A picture's longest side has {count} pixel at most.",
    "A picture's longest side has up to {count} pixels.",
)
RULE_LARGEST_ANY: Final = "Pictures may be as large as the models draw them."
RULE_KEEP: Final = Plural(
    "Requests are deleted after {count} day, favourites excepted.",
    "Requests are deleted after {count} days, favourites excepted.",
)
RULE_KEEP_HOST: Final = "Requests stay for as long as whoever runs me keeps them."
RULE_QUOTAS_NONE: Final = "There is no limit for a day, a week or a month of the calendar."
RULE_ROLE_LIMITS_NONE: Final = "The same holds for all roles."
WHO_EVERYONE: Final = "Everyone"
WHO_THEY: Final = "They"
WHO_ROLES: Final = "Members with {roles}"
MAY: Final = "{who} may {things}."
HOST_MAY: Final = "Over all servers, whoever runs me lets everyone {things}."
MAY_UNFINISHED: Final = Plural(
    "have {count} unfinished job at a time", "have up to {count} unfinished jobs at a time"
)
MAY_DAILY: Final = Plural(
    "ask for {count} job in 24 hours", "ask for up to {count} jobs in 24 hours"
)
MAY_DAILY_ANY: Final = "ask for any number of jobs in 24 hours"
MAY_SHARE: Final = "get {share} times the usual share of GPU time"
MAY_QUOTAS: Final = {
    "jobs": "ask for up to {amount} {period}",
    "pictures": "make up to {amount} {period}",
    "minutes": "use up to {amount} {period}",
    "fast": "use up to {amount} {period}",
}
EACH: Final = {"day": "a day", "week": "a week", "month": "a month"}
MEMBERS_ROLE: Final = "What members with {role} alone see and have here:"
MEMBERS_ANY: Final = "What members without a role see and have here; choose a role for its own:"
MEMBERS_REFUSED: Final = "They may not ask for pictures, and are told:"
MEMBERS_CHANNELS: Final = "They may ask in {channels}."
MEMBERS_NOWHERE: Final = "They see no channel in which pictures may be asked for."
MEMBERS_ELSEWHERE: Final = "Elsewhere they are told:"
MEMBERS_BLIND: Final = "They do not see {channel}, where pictures appear."
MEMBERS_MODELS: Final = "{models} may draw for them."
MEMBERS_NO_MODEL: Final = "No model that is here may draw for them."
MEMBERS_PRESET: Final = "This is added to their prompts: {text}"
MEMBERS_EDITORS: Final = "They may change the server's presets."
LIMIT_QUOTAS: Final = "Per person in a day, week or month"
QUOTA_WRONG: Final = "`{typed}` is no limit like `{example}`; nothing was changed."
PANEL_PERSON: Final = "One person"
PANEL_USAGE: Final = "Who used what"
PERSON_GRANT: Final = "Give more, such as {example}, or reset"
PERSON_BLOCK: Final = "Block for how many days; 0 for not at all"
PERSON_GIVEN: Final = "{extra} more"
PERSON_RESET: Final = "nothing counts as used"
PERSON_BLOCKED: Final = Plural("blocked for {count} day", "blocked for {count} days")
PERSON_UNBLOCKED: Final = "not blocked"
USAGE: Final = "What was used here in the last seven days:"
USAGE_LINE: Final = "`{bar}` {who}: {minutes}, {jobs}, {pictures}"
USAGE_REST: Final = Plural("{count} more person: {minutes}", "{count} more people: {minutes}")
USAGE_GONE: Final = "somebody who was forgotten"
USAGE_NONE: Final = "Nothing was used here in the last seven days."
LIMIT_WRONG: Final = (
    "`{typed}` is not a whole number between {low} and {high}; nothing was changed."
)

SETTINGS: Final = "Your settings, for every picture you ask for:"
SETTINGS_MODEL: Final = "**Model** {model}"
SETTINGS_ON: Final = "**On** {names}"
SETTINGS_MODELS: Final = "Which model draws"
MODEL_UNSET: Final = "The server's"
SETTINGS_STYLIZE: Final = "How strongly to stylize"
STYLIZE_DEFAULT: Final = "The model's own"
STYLIZE_LOW: Final = "Low"
STYLIZE_MEDIUM: Final = "Medium"
STYLIZE_HIGH: Final = "High"
STYLIZE_VERY_HIGH: Final = "Very high"
SETTING_RAW: Final = "Raw"
SETTING_REMIX: Final = "Remix"
SETTING_SUBTLE: Final = "Subtle variations"
SETTING_PRIVATE: Final = "Private pictures"
SETTING_RELAX: Final = "Relaxed speed"
SETTINGS_RESET: Final = "Reset all"

OPTION_SET: Final = "From now on `--{name}` stands for {value}"
OPTION_GONE: Final = "`--{name}` no longer stands for anything."
OPTION_TAKEN: Final = "`--{name}` already has a meaning; choose another name, such as `--mine`."
OPTION_FULL: Final = Plural(
    "You already have {limit} flag of your own, which is the limit; empty one first.",
    "You already have {limit} flags of your own, which is the limit; empty one first.",
    by="limit",
)
OPTION_NONE: Final = "You have no flags of your own yet; `/prefer option set` saves one."

MORE: Final = "More: edit or describe one picture"
MORE_EDIT: Final = "Edit picture {k}"
MORE_DESCRIBE: Final = "Describe picture {k}"
EDIT_TITLE: Final = "Edit"
EDIT_WORDS: Final = "What should change?"
EDIT_EXAMPLES: Final = "warmer · as a watercolour · remove the lamp · make it 16:9"
EDIT_PARTS: Final = "Where"
EDIT_PARTS_HINT: Final = "To change only some parts; everything else stays as it is."
EDIT_WHOLE: Final = "The whole picture, drawn anew"
EDIT_SECOND: Final = "Another picture"
EDIT_SECOND_HINT: Final = "To take something from it: the thing that you name, else its style."
EDIT_SECOND_IDLE: Final = (
    "Nothing of another picture goes into that. Leave it out, or say what is to be drawn: *add a"
    " hat*, *as a watercolour*."
)
EDIT_LATER: Final = (
    "One thing is done at a time: ask for the rest of your wish under the new picture."
)
UNTOUCHED: Final = "{percent} % of the picture before is as it was."
NOTHING_CHANGED: Final = (
    "Nothing that the model changed could be told from what it merely redrew; to see all that it"
    " drew, choose the whole picture in the form."
)
ALL_CHANGED: Final = (
    "The model changed the whole picture, so nothing of the one before was put back."
)
SOUGHT: Final = (
    "{model} looks for `{typed}`: what it finds is drawn anew, and all else stays as it is."
)
COMPARED: Final = "Before at the left, after at the right."
FOUND: Final = {
    "figure": "I found `{typed}` by its colours: it is all that stands before the plain ground.",
    "ground": "I found `{typed}` by its colours: it is all around the one thing in the picture.",
}
EDIT_UNKNOWN: Final = (
    "I am not sure what `{typed}` is to change. Which of these do you mean? *Warmer*, *as a"
    " watercolour*, *extend it to the left* and the like I know without asking."
)
EDIT_WHICH: Final = "Choose the picture that `{typed}` is for."
READ_WHOLE: Final = "Redraw the whole picture"
READ_MIDDLE: Final = "In the middle"
READ_AROUND: Final = "All around the middle"
READ_WHERE: Final = "Choose where…"
READ_PROMPT: Final = "Draw it as a new prompt"
READ_ALL: Final = "All of them"
EDIT_NO_PLACE: Final = (
    "I cannot tell where `{typed}` is. Choose in the form which parts of the picture to draw anew,"
    " or paint over them (Vary (Region)), and all else stays as it is; or choose the whole picture."
)
EDIT_WHOLE_ONLY: Final = (
    "That changes the whole picture. Choose no parts for it, or say what should be in those parts."
)
EDIT_LARGEST: Final = "This picture is as large as it can be made."
EDIT_NOTHING_BEFORE: Final = "This picture was made of no other, so there is nothing to go back to."
PRINT_TITLE: Final = "Print"
PRINT_LENGTH: Final = "Longest side in centimetres"
PRINT_WRONG: Final = "Say how many centimetres the longest side is to have, from 1 to {limit}."
PRINTED: Final = "For {width} × {height} cm at {dpi} dpi: {pixels} px."
PRINT_SOFT: Final = (
    "The picture's own pixels are enough for {own} cm; beyond, it is softer. **Upscale** first, "
    "where it still can be, and print what comes of it."
)
REMIX_TITLE: Final = "Remix"
REMIX_PROMPT: Final = "Change the prompt"
REMIX_ON: Final = "Remix is on: V and 🔄 ask for a changed prompt first."
REMIX_OFF: Final = "Remix is off: V and 🔄 draw at once."
TOO_LONG: Final = "This prompt is too long for a form; `/prefer remix` turns the form off."
TOO_LONG_FOR: Final = {
    "zoom": "This prompt is too long for a form; Zoom Out 2x and Zoom Out 1.5x do not need one.",
    "region": (
        "This prompt is too long for the form of Vary (Region); without Remix, Vary (Subtle) "
        "needs no form and changes the whole picture a little."
    ),
}
"""What works instead where a form always asks, by its action."""

ZOOM_TITLE: Final = "Custom zoom"
ZOOM_FACTOR: Final = "How many times as wide, from 1 to 2"
ZOOM_WRONG: Final = (
    "`{typed}` does not zoom out: use a number above 1 and up to 2, or 1 with another `--ar`."
)
REGION_TITLE: Final = "Redraw part of the picture"
REGION_PARTS: Final = "Which parts"
REGION_BY_HAND: Final = (
    "To let people paint the area by hand, an admin sets EASEL_PUBLIC_URL and adds me to this "
    "server."
)
PAINT: Final = "Paint"
PAINT_LINK: Final = Plural(
    "Paint over the area to change. The link is for you alone and works for {hours} hour.",
    "Paint over the area to change. The link is for you alone and works for {hours} hours.",
    by="hours",
)
PAGE_HINT: Final = "Paint over the area to change; the rest stays as it is."
PAGE_PICTURE: Final = "The picture: arrow keys move the brush, the space bar lowers and lifts it."
PAGE_TOOLS: Final = "Tools"
PAGE_BRUSH: Final = "Brush"
PAGE_ERASER: Final = "Eraser"
PAGE_RECTANGLE: Final = "Rectangle"
PAGE_LASSO: Final = "Lasso"
PAGE_SIZE: Final = "Size"
PAGE_UNDO: Final = "Undo"
PAGE_REDO: Final = "Redo"
PAGE_CLEAR: Final = "Clear"
PAGE_SUBMIT: Final = "Draw"
PAGE_AGAIN: Final = "Paint again"
PAGE_QUEUED: Final = "Queued: the pictures will appear in Discord."
PAGE_AWAY: Final = "I cannot be reached just now; please try again in a moment."
PAGE_NO_SCRIPT: Final = "This page needs JavaScript to paint."
SIGN_IN: Final = "Sign in with Discord"
SIGN_OUT: Final = "Sign out"
NOT_SIGNED_IN: Final = "Please sign in with Discord first."
SIGN_IN_FAILED: Final = "Signing in did not work; please try again."
NOT_SHOWN: Final = "This picture is not here, or not shown to you."
GALLERY: Final = "Gallery"
GALLERY_DOOR: Final = {
    "title": GALLERY,
    "sign_in": SIGN_IN,
    "why": (
        "See your pictures here, and those of servers that opened their gallery to their members."
    ),
}
"""What stands on the gallery's page for somebody who is not signed in, by its place there."""

GALLERY_PAGE: Final = {
    "title": GALLERY,
    "sign_out": SIGN_OUT,
    "away": PAGE_AWAY,
    "no_script": "This page needs JavaScript to show pictures.",
    "scopes": "Whose pictures",
    "mine": "Mine",
    "favourites": "Favourites",
    "words": "Words, or flags such as --ar 3:2",
    "search": "Search",
    "filters": "Model and days",
    "model": "Model",
    "any_model": "Any model",
    "since": "From",
    "until": "Until",
    "select": "Select",
    "zip": "Pictures (ZIP)",
    "csv": "Table (CSV)",
    "delete": "Delete",
    "more": "Show more",
    "close": "Close",
    "earlier": "Newer picture",
    "later": "Older picture",
}
"""What stands on it for others."""

GALLERY_SAID: Final = {
    "none": "Nothing here yet.",
    "nothing_found": "Nothing is found by this.",
    "today": "Today",
    "yesterday": "Yesterday",
    "selected": "Selected: {count}",
    "too_many": "No more than {count} can be selected at once.",
    "sure": (
        "Delete for good, with the other pictures of the same request and its messages in Discord?"
    ),
    "deleted": "Deleted: {count}",
    "picture": "Picture {n} of {count}",
    "copy": "Copy prompt",
    "copied": "Copied. Paste it after /imagine.",
    "keep": "Download",
    "mark": "Favourite",
    "private": "Keep out of the server's gallery",
    "share": "Share",
    "days": "Good for days",
    "tell": "Tell the prompt",
    "make_link": "Make a link",
    "link": "Anybody who has this link sees the picture:",
    "copy_link": "Copy link",
    "link_copied": "Copied.",
    "until": "until {date}",
    "revoke": "Revoke",
    "revoked": "The link leads nowhere any more.",
    "lineage": "How it was made",
    "by": "By",
    "somebody": "Somebody",
    "only": "Only theirs",
    "together": "Only these",
    "delete": "Delete",
}
"""What its scripts say."""

SHARED: Final = "A shared picture"
SHARED_MADE: Final = "Made with AI."
SHARED_GONE: Final = "This link leads nowhere any more."
LINK_BROKEN: Final = "This link is incomplete; press Vary (Region) under the picture for a new one."
LINK_EXPIRED: Final = "This link has expired; press Vary (Region) under the picture for a new one."
NOTHING_PAINTED: Final = "Nothing is painted yet; paint over the area to change."
NO_LONGER_THERE: Final = (
    "You no longer have access to the channel where you asked for this link, so nothing was queued."
)
PARTS: Final = {
    "0": "Top left",
    "1": "Top",
    "2": "Top right",
    "3": "Left",
    "4": "Middle",
    "5": "Right",
    "6": "Bottom left",
    "7": "Bottom",
    "8": "Bottom right",
}
"""Parts of a picture, row by row."""

NOT_ABLE: Final = {
    Capability.IMAGE_PROMPT: (
        "{model} cannot start from images; Upscale (Subtle) enlarges without redrawing."
    ),
    Capability.VARIATION: "{model} cannot vary a picture; 🔄 draws others from the same prompt.",
    Capability.OUTPAINT: (
        "{model} cannot draw beyond the edges of a picture; `/imagine` with the same prompt and "
        "another `--ar`, or the words `wide view`, shows more."
    ),
    Capability.INPAINT: (
        "{model} cannot redraw a part of a picture; Vary (Subtle) changes the whole a little."
    ),
    Capability.BLEND: (
        "{model} cannot blend images; `/imagine` with one of them and words for the others comes "
        "close."
    ),
    Capability.STRUCTURE: (
        "{model} cannot follow the lines of a drawing; `/img2img` with it and a `strength` of "
        "0.6 starts from its colours and shapes."
    ),
}
"""What a family cannot do, and what to do instead."""

WEIGHTS_WRONG: Final = Plural(
    "`{typed}` does not fit {count} image; write one number above 0 for each, such as `2 1 1`.",
    "`{typed}` does not fit {count} images; write one number above 0 for each, such as `2 1 1`.",
)
SERVER_MANAGERS: Final = "Only those who manage this server can see and change this."
NONE: Final = "none"
CHANGED_TO: Final = "now: {after}"
CHANGED_FROM: Final = "before: {before}"
CHANGES_OLDER: Final = "Older"
CHANGES_LATEST: Final = "Back to the latest"
SOMEBODY: Final = "somebody"
NO_CHANGES: Final = "Nothing has been changed yet."
NO_SERVER: Final = (
    "This is a direct message, not a server: save it for yourself, or run the command on the "
    "server."
)
PRIVACY: Final = "This is what is kept about you here, under your account's number:"
KEPT: Final[dict[str, str | Plural]] = {
    "jobs": Plural(
        "{count} request: its prompt, images and flags, when and where you made it, and its "
        "pictures",
        "{count} requests: their prompts, images and flags, when and where you made them, and "
        "their pictures",
    ),
    "gallery": Plural(
        "{count} entry of the gallery, by which a request is found there",
        "{count} entries of the gallery, by which requests are found there",
    ),
    "share_links": Plural(
        "{count} link by which anybody sees a picture",
        "{count} links by which anybody sees a picture",
    ),
    "favourites": Plural("{count} favourite", "{count} favourites"),
    "cases": Plural(
        "{count} decision of moderators about your pictures",
        "{count} decisions of moderators about your pictures",
    ),
    "presets": Plural("{count} preset of your own", "{count} presets of your own"),
    "drafts": Plural(
        "{count} request that waits for your answer, for a week",
        "{count} requests that wait for your answer, for a week",
    ),
    "usage": Plural(
        "{count} line on how much you used on a day", "{count} lines on how much you used on a day"
    ),
    "grants": Plural(
        "{count} amount that you were given beyond a limit",
        "{count} amounts that you were given beyond a limit",
    ),
    "blocks": Plural(
        "{count} block that keeps you from asking for pictures",
        "{count} blocks that keep you from asking for pictures",
    ),
    "changes": Plural(
        "{count} change that you made to a server's settings or presets",
        "{count} changes that you made to a server's settings or presets",
    ),
    "people": "your settings",
    "shares": "how much GPU time you used lately",
}
"""What is kept of people, by the table that keeps it (``storage/privacy/rules.py``)."""
PRIVACY_ELSE: Final = (
    "Nothing else is: no messages, no names, nothing that you do elsewhere on Discord."
)
PRIVACY_DAYS: Final = Plural(
    "Requests and their pictures are deleted after {count} day, except favourites.",
    "Requests and their pictures are deleted after {count} days, except favourites.",
)
PRIVACY_POLICY: Final = "Whoever runs me says more about it: {url}"
PRIVACY_EXPORT: Final = "Get a copy"
PRIVACY_FORGET: Final = "Forget me"
PRIVACY_ERASE: Final = "Delete everything"
PRIVACY_ASK: Final = (
    "This deletes your requests with their pictures, your favourites, presets and settings, for "
    "good; what is still being made is cancelled. Pictures that others made from yours stay with "
    "them. Blocks, and what counts for limits and quotas, stay under a number that does not tell "
    "who you are."
)
PRIVACY_ERASED: Final = (
    "Nothing here is kept under your account any more. The files of your pictures, and the "
    "messages that I may delete, go within a day."
)
PRIVACY_COPY: Final = "Everything that is kept about you, in ZIP files; the latest pictures first."
PRIVACY_LEFT: Final = Plural(
    "{count} file did not fit; whoever runs me can give you the rest.",
    "{count} files did not fit; whoever runs me can give you the rest.",
)
VERIFY: Final = "Where is it from?"
VERIFY_OURS: Final = "Made here with AI, and unchanged since"
VERIFY_MARKED: Final = "Made here with AI, and perhaps changed since"
VERIFY_OTHER: Final = "Signed by somebody else, and unchanged since"
VERIFY_CHANGED: Final = "Changed since it was signed"
VERIFY_UNKNOWN: Final = "Nothing tells where this picture is from, which proves nothing"
VERIFY_SIGNED: Final = "Signature: mine, and it fits the file."
VERIFY_SIGNED_BY: Final = (
    "Signature: of {issuer}, as its certificate says, with {program}. It fits the file; whose it "
    "is I did not check."
)
VERIFY_OWN_BROKEN: Final = (
    "Signature: mine, but it does not fit the file, which was changed or is another picture."
)
VERIFY_BROKEN: Final = (
    "Signature: of {issuer}, as its certificate says, but it does not fit the file, which was "
    "changed or is another picture."
)
VERIFY_NO_SIGNATURE: Final = (
    "Signature: none. Previews and most programs drop it; the file that I sent still has it."
)
VERIFY_SOURCES: Final[dict[str, str]] = {
    "trainedAlgorithmicMedia": "It says that AI made the picture.",
    "compositeWithTrainedAlgorithmicMedia": (
        "It says that AI made the picture from another picture."
    ),
    "digitalCapture": "It says that a camera took the picture.",
}
"""What signed statements say of a picture, by the IPTC's digital source type."""
VERIFY_MADE_FROM: Final = "It names what the picture was made from: {titles}."
VERIFY_MARK: Final = (
    "Watermark: mine, of the job `{job}`. It says nothing of what was changed since."
)
VERIFY_NO_MARK: Final = (
    "Watermark: none of mine. It is lost where edges are cut off or the picture is made very small."
)
VERIFY_UNSIGNED: Final = (
    "The file says without a signature that `{program}` made it; anybody can write that."
)
VERIFY_JOB: Final = "The job `{job}` was asked for {when} and drawn with {model}."
VERIFY_JOB_GONE: Final = "The job `{job}` is no longer kept here."
VERIFY_PROMPT: Final = "You asked for it, so only you are told the prompt:"
NOT_YET: Final = "These pictures are still being made; please wait for them."
PICTURES_GONE: Final = "These pictures are no longer stored; 🔄 makes them again."
FAVOURITE: Final = "Added to your favourites; `/show` lists them."
NO_FAVOURITE: Final = "Removed from your favourites."
DELETED: Final = "Deleted."
CANCELLED_ALL: Final = Plural("Cancelled {count} job.", "Cancelled {count} jobs.")
NOTHING_TO_CANCEL: Final = "You have no jobs waiting or running."
NO_IMAGE: Final = "That message has no image."
WHICH_PICTURE: Final = "Which picture?"
NOTHING_MORE: Final = "This picture is as large as it gets."
START_TITLE: Final = "Start from this image"
START_PROMPT: Final = "What to draw"
NO_JOB: Final = (
    "No pictures match `{typed}`; pick some from the list that appears while you type, or give "
    "the name of their file."
)
NO_PICTURE: Final = "That message shows no pictures of mine."
NO_PROMPT: Final = (
    "That message shows no pictures of mine, and the file of its image does not say how it was "
    "made."
)
FILE_SAYS: Final = "The file says that `{program}` made this picture:"
WRITTEN_FOR: Final = "For {program}:"
COPY_MENU: Final = "Copy for …"
HELP: Final = (
    "`/imagine` draws four pictures: **U** makes one larger, **V** varies it, 🔄 draws again.\nTo "
    "start from an image, attach it or put its link at the front of the prompt.\nReact with ✉️ "
    "to get pictures by direct message, ⭐ to keep them as favourites, 🔄 to draw again, ❌ to "
    "delete your own."
)
HELP_MORE: Final = "Press an example to draw it, or choose a topic to read on."
HELP_TOPICS: Final = "Topics"
HELLO: Final = (
    "Hello! I draw pictures from words: `/imagine` draws four of them, and buttons below make them "
    "larger, vary them or draw them again.\n"
    "Everybody here may ask for pictures in every channel, until those who manage this server "
    "decide otherwise with `/server`. What I keep about anybody, `/privacy` tells and deletes."
)
GREETED: Final = (
    "Hello! Tell me what you want to see with `/imagine`, or press a button. Under a picture of "
    "mine ✏️ changes it in words."
)
SHOWN_PICTURE: Final = "What shall I do with your picture?"
START_FROM_IT: Final = "Start from it"
DRAW_IT: Final = "Shall I draw that?"
UNREAD: Final = "I can only read replies that mention me: press ✏️ and say there what should change."
HELLO_DRAW: Final = "Draw {prompt}"
HELLO_SETUP: Final = "Set up this server"
HELLO_HELP: Final = "Show me how it works"
SHOW_LATEST: Final = "Choose what to show again; the option `id` of `/show` finds more by words."
SHOW_NEWER: Final = "◀ Newer"
SHOW_OLDER: Final = "Older ▶"
LINEAGE: Final = "What this picture was made of, and what was made of it:"
LINEAGE_ALONE: Final = "This picture was made of no other of yours, and none of yours of it so far."
SHOW_MENU: Final = "Show again"
SHOW_NONE: Final = "You have no pictures yet; `/imagine` draws some."
NO_HELP: Final = "There is no topic or flag `{about}`; `/help` alone shows where to start."

INFO: Final = (
    "**Queue** {queued} waiting, {running} running; workers: {workers}\n"
    "**You** {mine} of {most} waiting or running, {today} of {daily} asked for in 24 hours\n"
    "**Model** {model}: {about}"
)
INFO_LEFT: Final = "**Left** {budgets}"
BUDGET_LEFT: Final = "{left} of {limit} {period}"
TROUBLES: Final = {
    "device": Plural(
        "{count} worker takes no jobs: what it computes on failed several times in a row.",
        "{count} workers take no jobs: what they compute on failed several times in a row.",
    ),
    "store": Plural(
        "{count} worker takes no jobs: finished pictures cannot be stored at the moment.",
        "{count} workers take no jobs: finished pictures cannot be stored at the moment.",
    ),
    "old": Plural(
        "{count} worker takes none of the new jobs: it is of an older release than this bot.",
        "{count} workers take none of the new jobs: they are of an older release than this bot.",
    ),
}
"""What keeps workers from taking jobs, by its name."""
NO_SPACE: Final = (
    "There is not enough free space here to keep new pictures, so no jobs are taken until the "
    "admin frees some."
)
INFO_MODELS: Final = "**Models to choose with `--model`** {names}"
INFO_LORAS: Final = "**LoRAs** {names}"
RECIPE_SEEDS: Final = "Seeds {seeds}"
ORIGIN_WORDS: Final = "added words"
ORIGIN_CARD: Final = "the model's own"

PRESET_SAVED: Final = "Saved as `{name}`: {text}"
PRESET_SHOWN: Final = "`{name}` adds {text}"
PRESET_DELETED: Final = "Deleted the preset `{name}`."
PRESET_MISSING: Final = "There is no preset `{name}` there; `/preset list` shows them all."
PRESET_NONE: Final = "There are no presets there yet; `/preset save` saves one."
PRESET_USUAL: Final = "From now on `{name}` is used whenever you name no preset."
PRESET_NO_USUAL: Final = "From now on no preset is used unless you name one."
PRESET_DEFAULT: Final = "This server's default preset is now `{name}`."
PRESET_NO_DEFAULT: Final = "This server no longer has a default preset."
PRESET_EXPORTED: Final = Plural(
    "This file holds {count} preset; `/preset import` reads it.",
    "This file holds {count} presets; `/preset import` reads it.",
)
PRESET_IMPORTED: Final = Plural("Saved {count} preset.", "Saved {count} presets.")
PRESET_FULL: Final = Plural(
    "There is already {limit} preset, which is the limit; delete it first.",
    "There are already {limit} presets, which is the limit; delete one first.",
    by="limit",
)
PRESET_FILE: Final = "That is not a file of presets; `/preset export` makes one."
PRESET_MANAGERS: Final = (
    "Only those who manage this server, or have a role they name, can change its presets. Anyone "
    "can save personal presets: `/preset save` and `/preset use`."
)
PRESETS_OWN: Final = "**Yours**"
PRESETS_SHARED: Final = "**This server's**"
PRESETS_EMPTY: Final = "none yet"
PRESET_IS_USUAL: Final = "your usual one"
PRESET_IS_DEFAULT: Final = "the default"
PREFERRED: Final = {
    "suffix": "Your suffix: {value}",
    "flags": "Your flags: {value}",
    "variability": "From now on the V buttons vary like this: {value}",
}
"""What is said of a preference, by its name."""
PREFERRED_NOTHING: Final = {
    "suffix": "Your suffix is empty now.",
    "flags": "Your flags are empty now.",
}

NEXT: Final = "next"
AHEAD: Final = "{count} ahead of you"
WAIT_WITHIN: Final = Plural("within {count} minute", "within {count} minutes")
WAIT: Final = Plural("about {low}–{count} minute", "about {low}–{count} minutes")
WAIT_HOURS: Final = Plural("about {low}–{count} hour", "about {low}–{count} hours")
FAILED: Final = "This could not be made: {reason}."
UNDELIVERABLE: Final = (
    "{who}, your pictures could not be sent: {reason}. Pressing 🔄 makes them again."
)
UNSENT: Final = "These pictures could not be sent: {reason}."
UNSENT_REASONS: Final = {
    "adults": "they are for channels restricted to adults, and none is left that takes them",
    "damaged": "they are no longer stored, or were damaged",
    "explicit": "Discord's filter for explicit images stopped them",
    "moderated": "the server's AutoMod stopped the message",
    "too_large": "no version of them is small enough for Discord",
    "refused": "Discord did not take the message",
}
"""Why pictures could not be sent, by the names in ``bot/delivery/answers.py``."""
NO_WORDS: Final = "image"
COUNT_IMAGES: Final = Plural("{count} image", "{count} images")
SOURCES: Final = {
    "sref": "style: {what}",
    "cref": "character: {what}",
    "oref": "object: {what}",
    "edit": "edit: {what}",
}
"""What the images of a flag are for, by its name."""
SEED: Final = "seed {seed}"
STEPS: Final = Plural("{count} step", "{count} steps")
GUIDANCE: Final = "guidance {value}"
JOB: Final = "job {id}"
ALT: Final = Plural("a generated picture: {prompt}", "{count} generated pictures: {prompt}")
ALT_EDIT: Final = Plural(
    "a picture, changed as asked: {prompt}", "{count} pictures, changed as asked: {prompt}"
)
ALT_MAP: Final = "a control map ({kind}): what was read of an image"
STARTED_FROM: Final = "image at strength {strength}"
KEPT_TO: Final = "{kind} at scale {scale}"
ENLARGED: Final = "{factor}× larger by resampling"
ENLARGED_BY: Final = "{factor}× larger by {upscaler}"
IN_PARTS: Final = "redrawn in parts"
WORKS: Final = "This would work:"
TYPED: Final = "This is what you typed:"

FAILURES: Final = {
    "worker_lost": "the worker stopped three times while drawing it",
    "out_of_memory": "the graphics card ran out of memory; a smaller picture would work",
    "words_out_of_memory": "the graphics card ran out of memory; a smaller model would work",
    "no_picture": "the model's numbers overflowed and made no picture; another seed, or LoRAs with"
    " less weight, may work",
    "missing_image": "its starting image is no longer stored; please attach it again",
    "model": "the model could not be loaded; the admin can find out why with `easel doctor`",
    "lora": "one of its LoRAs has changed or does not fit the model",
    "upscaler": "the upscaler it needs is missing on the worker or does not work",
    "unstored": (
        "one of its pictures could not be stored or read; the admin can find out why in the log"
    ),
    "tripped": (
        "the graphics card failed at it again and again while it drew others; a smaller picture or"
        " another model may work"
    ),
    "words": "this model draws by an image, not by words",
    "not_found": (
        "what was to change was not found in the picture; say where it is, by parts in the form or"
        " on the painting page"
    ),
    "finder": (
        "what finds things in pictures is missing on the worker, or is another one there; the admin"
        " can find out why in the log"
    ),
    "internal": "something went wrong while drawing; pressing 🔄 tries again",
}
"""Why a job failed, by the code that the worker recorded."""

NEVER_DRAWN: Final = (
    "This reads as a minor in a sexual context, which is drawn nowhere; say whom you mean in other "
    "words."
)
HOST_WORD: Final = "||{word}|| is not drawn here; leave it out."
SERVER_WORD: Final = "||{word}|| is not drawn on this server; leave it out."
ADULT_WORD: Final = (
    "||{word}|| is drawn only in channels that are restricted to adults; leave it out, or ask "
    "there."
)
ADULTS_ONLY: Final = (
    "These pictures were made in a channel that is restricted to adults, and are shown only in "
    "such channels."
)
WITHHELD: Final = {
    "held": (
        "These pictures are held back for now: they look explicit, and this is no channel for "
        "adults. A moderator can release them."
    ),
    "refused": "A moderator decided that these pictures are not shown.",
    "suspected": (
        "This is not shown to anybody: it may sexualize a minor. Whoever runs me looks at it."
    ),
}
"""What is said of pictures that are shown to nobody, by ``storage/queue/verdicts.py``."""
WITHHELD_NOW: Final = "These pictures are held back, so nothing can be done with them."
APPEAL: Final = "Appeal"
APPEAL_WHY: Final = "Why should they be shown?"
APPEALED: Final = (
    "Thank you. Somebody has another look, and the pictures appear if they are released."
)
APPEALED_BEFORE: Final = "There is one appeal for each request, and this one was made or decided."
REPORT: Final = "Report…"
REPORT_ASK: Final = "What is wrong with these pictures? Moderators see who reports them."
REPORT_MENU: Final = "Because…"
REPORT_REASONS: Final = {
    "sexual": "Sexual, where it should not be",
    "minors": "Sexualizes a minor",
    "violence": "Violence or hatred",
    "person": "A real person who did not agree",
    "other": "Something else",
}
"""Why pictures are reported."""
REPORTED: Final = "Thank you. It is reported."
MOD_NONE: Final = "Nothing waits for a decision."
MOD_WAITING: Final = Plural(
    "{count} case waits for a decision.", "{count} cases wait for a decision."
)
MOD_CASE: Final = "{who} in {where}, {when}: ||{prompt}||"
MOD_VERDICT: Final = "-# explicit: {score}, held from {limit} on"
MOD_STRIKES: Final = Plural("-# {count} warning in force", "-# {count} warnings in force")
MOD_DECIDE: Final = "Decide…"
MOD_NEXT: Final = "Next case"
MOD_REASON: Final = "Why? Whoever asked reads it."
MOD_ALT: Final = "the pictures, blurred"
MOD_DECIDED: Final = "This case is decided already."
DECISIONS: Final = {
    "release": "Show the pictures",
    "refuse": "Do not show them",
    "warn": "Do not show them, and warn",
    "day": "Do not show them, and block for a day",
    "week": "Do not show them, and block for a week",
    "ever": "Do not show them, and block for good",
}
"""What moderators decide, by ``storage/queue/moderation.py``."""
CASE_EVENTS: Final = {
    "held": "held back",
    "suspected": "held back, may show a minor",
    "reported": "reported",
    "appealed": "appealed",
    "released": "released",
    "refused": "not shown",
    "warned": "warned",
    "blocked": "blocked",
}
"""What happens in a case, by ``storage/decisions/cases.py``."""
WARNED: Final = "A moderator of {server} warns you about pictures that you asked for."
BLOCKED_UNTIL: Final = (
    "A moderator of {server} decided about pictures that you asked for: you can ask there again "
    "{when}."
)
BLOCKED_FOR_GOOD: Final = (
    "A moderator of {server} decided about pictures that you asked for: you cannot ask there any "
    "more."
)
HOST_TOLD: Final = (
    "Pictures that may sexualize a minor are held back from everybody, case `{case}`: `easel cases "
    "show {case}` shows them to you alone."
)
PRIVACY_ADULTS: Final = Plural(
    "The pictures of {count} request are for channels restricted to adults; ask in one for them.",
    "The pictures of {count} requests are for channels restricted to adults; ask in one for them.",
)
PANEL_WORDS: Final = "Words"
WORDS_REFUSED: Final = "Not drawn"
WORDS_RESTRICTED: Final = "Only in channels for adults"
WORDS_HOW: Final = "Words and phrases with commas between; a star stands for any ending"

SHEET_ASK: Final = Plural(
    "One sheet with {count} picture, from the same noise. What changes:",
    "One sheet with {count} pictures, all from the same noise. What changes:",
)
SHEET_RELAXED: Final = "Your fast time is used up, so the sheet is drawn relaxed."
SHEET_PICK: Final = "This is a sheet: choose one of its pictures in the menu below it."
SHEET_TAKES: Final = "About {seconds} s of the GPU."
SHEET_DRAW: Final = "Draw the sheet"
SHEET_MENU: Final = "See a picture alone, with its buttons"
SHEET_PICTURES: Final = Plural("{count} picture", "{count} pictures")
SHEET_ALT: Final = Plural(
    "{count} picture with labels: {labels}", "{count} pictures with labels: {labels}"
)

TOLD_BY: Final = "{model} put it into sentences, and all that you said was found in them."
HEADINGS: Final = {
    "imagine": "{prompt} — {who}",
    "reroll": "{prompt} — Rerolled by {who}",
    "vary": "{prompt} — Variations (Strong) of image #{index} by {who}",
    "strong": "{prompt} — Variations (Strong) of image #{index} by {who}",
    "subtle": "{prompt} — Variations (Subtle) of image #{index} by {who}",
    "upscale": "{prompt} — Image #{index}, upscaled by {who}",
    "larger": "{prompt} — Upscaled (Subtle) by {who}",
    "creative": "{prompt} — Upscaled (Creative) by {who}",
    "vast": "{prompt} — Upscaled 4x (Creative) by {who}",
    "region": "{prompt} — Variations (Region) by {who}",
    "far": "{prompt} — Zoom Out by {who}",
    "near": "{prompt} — Zoom Out by {who}",
    "zoom": "{prompt} — Zoom Out by {who}",
    "square": "{prompt} — Make Square by {who}",
    "left": "{prompt} — Pan Left by {who}",
    "right": "{prompt} — Pan Right by {who}",
    "up": "{prompt} — Pan Up by {who}",
    "down": "{prompt} — Pan Down by {who}",
    "blend": "{prompt} — Blended by {who}",
    "map": "{prompt} — Control map for {who}",
    "edit": "{prompt} — {asked}, edited by {who}",
    "retouch": "{prompt} — {asked}, edited by {who}",
    "closer": "{prompt} — Closer by {who}",
    "looser": "{prompt} — Looser by {who}",
    "compare": "{prompt} — Compared for {who}",
    "describe": "Described for {who}",
    "shorten": "Shortened for {who}",
    "translate": "Put into sentences for {who}",
}
"""First line of a job's message, by how the job came about."""

ASPECTS: Final = {
    "subject": "Subject",
    "colour": "Colour",
    "action": "Action",
    "medium": "Medium",
    "style": "Style",
    "ground": "Ground",
    "setting": "Setting",
    "light": "Light",
    "mood": "Mood",
    "shot": "Composition",
    "palette": "Palette",
    "words": "Words in it",
}
"""What of a picture is described, by the names of ``Aspect``."""
CERTAINTIES: Final = {"exact": "exact", "measured": "measured", "guessed": "guessed"}
"""How it is known, by the names of ``Certainty``."""
SEEN: Final = {
    "photo": "photograph",
    "painting": "painting",
    "collage": "collage",
    "3d": "3D",
    "flat": "flat illustration",
    "line art": "line art",
    "pixel art": "pixel art",
    "high key": "high key",
    "low key": "low key",
    "strong contrast": "strong contrast",
    "soft contrast": "soft contrast",
    "brighter left": "brighter towards the left",
    "brighter right": "brighter towards the right",
    "brighter top": "brighter towards the top",
    "brighter bottom": "brighter towards the bottom",
    "warm": "warm",
    "cool": "cool",
    "vivid": "vivid",
    "muted": "muted",
    "colourless": "black and white",
    "centred": "centred",
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
    "symmetrical": "symmetrical",
}
"""What is said of a picture, by the names that measures have for it."""
COLOURS: Final = {
    "black": "black",
    "charcoal": "charcoal",
    "grey": "grey",
    "silver": "silver",
    "white": "white",
    "red": "red",
    "crimson": "crimson",
    "burgundy": "burgundy",
    "coral": "coral",
    "salmon": "salmon",
    "pink": "pink",
    "hot pink": "hot pink",
    "magenta": "magenta",
    "orange": "orange",
    "amber": "amber",
    "rust": "rust",
    "terracotta": "terracotta",
    "peach": "peach",
    "brown": "brown",
    "chocolate": "chocolate",
    "tan": "tan",
    "beige": "beige",
    "cream": "cream",
    "gold": "gold",
    "yellow": "yellow",
    "mustard": "mustard",
    "olive": "olive",
    "khaki": "khaki",
    "lime": "lime",
    "green": "green",
    "forest green": "forest green",
    "sage": "sage",
    "mint": "mint",
    "teal": "teal",
    "turquoise": "turquoise",
    "sky blue": "sky blue",
    "blue": "blue",
    "navy": "navy",
    "slate": "slate",
    "purple": "purple",
    "violet": "violet",
    "lavender": "lavender",
    "plum": "plum",
    "indigo": "indigo",
}
"""Colours, by the names that measures have for them."""
KNOWN_PROMPT: Final = "Prompt"
PLAIN_GROUND: Final = "plain {colour}"
UNKNOWN_SUBJECT: Final = "What it shows I cannot tell: say it in a word."
LOOK_FAILED: Final = "What it shows could not be looked at: {reason}."
LOOKING: Final = "looking at it"
SAY_SUBJECT: Final = "Say what it shows"
SUBJECT_FIELD: Final = "What it shows, in a few words"
IMAGINE_ALL: Final = "Imagine all"
USE_STYLE: Final = "Use its style"
STYLE_FIELD: Final = "What to draw in this style"
STYLE_PICTURE: Final = "Or a picture to give this style"
PROMPTS_FOR: Final = "Prompts for"
THIS_SERVER: Final = "This server's models"
PALETTE_ALT: Final = "a strip of colours: {colours}"
DRAW_PROMPT: Final = "Draw this prompt"
WORD_EFFECTS: Final = "Words in bold do most to {model}; those struck through do next to nothing."
NOTHING_SHORTER: Final = "No word here could be left out."
NO_WORDS_HERE: Final = (
    "There are no words to shorten; write a prompt such as `/shorten a red apple`."
)
NOTHING_TO_STYLE: Final = "Say what to draw in this style, or add a picture; nothing was queued."
PICTURE_MISSING: Final = "Attach a picture or give a link to one."
WHAT_WITH_IMAGE: Final = "What shall I do with this image?"
IMAGE_PROMPT: Final = "Use as image prompt"
DESCRIBE: Final = "Describe"

NOT_ADMINISTERED: Final = "That is for whoever runs me, and for those who manage the server."
ADMIN: Final = "Administration"
ADMIN_DOOR: Final = {
    "title": ADMIN,
    "sign_in": SIGN_IN,
    "why": (
        "See what is used, what waits and what is set on the servers that you manage, and on all "
        "of them if you run me."
    ),
}
"""What stands on the admin's page for somebody who is not signed in, by its place there."""

ADMIN_PAGE: Final = {
    "title": ADMIN,
    "sign_out": SIGN_OUT,
    "away": PAGE_AWAY,
    "no_script": "This page needs JavaScript.",
    "server": "Server",
    "again": "Look again",
}
"""What stands on it for others."""

ADMIN_ALL: Final = "All servers"
ADMIN_DIRECT: Final = "direct message"
ADMIN_STATES: Final = {
    "queued": "waits",
    "running": "draws",
    "ready": "ready",
    "draining": "takes no more jobs",
    "trouble": "takes no jobs: something is out of order",
    "gone": "gives no sign of life",
}
"""States of jobs and of workers."""

ADMIN_SAID: Final = {
    "by_day": "Used, by day (UTC)",
    "by_person": "Used, by person",
    "nothing_used": "Nothing was used in these days.",
    "day": "Day",
    "minutes": "GPU minutes",
    "jobs": "Jobs",
    "pictures": "Pictures",
    "person": "Person",
    "somebody": USAGE_GONE,
    "queue": "Queue",
    "nothing_waits": "Nothing waits or is drawn.",
    "where": EDIT_PARTS,
    "state": "State",
    "model": "Model",
    "asked": "Asked for",
    "cancel": "Cancel",
    "cancelled": "Cancelled.",
    "workers": "Workers",
    "worker": "Worker",
    "no_workers": "There is no worker.",
    "device": "Device",
    "memory": "Memory",
    "beat": "Last seen",
    "cases": "Cases",
    "no_cases": "There are no cases.",
    "by": GALLERY_SAID["by"],
    "rules": "What holds",
    "changes": PANEL_CHANGES,
    "before": "Before:",
    "no_changes": NO_CHANGES,
    "latest": CHANGES_LATEST,
    "older": CHANGES_OLDER,
    "nothing_yours": "You run no bot here and manage none of its servers.",
}
"""What its scripts say."""
