"""Two hundred harmless words and phrases that look like words of the list beside them."""

LISTED = (
    "ass", "bitch", "bastard", "cock", "cum", "cunt", "dick", "fag", "fuck", "hell", "homo", "knob",
    "nazi", "prick", "pussy", "rape", "shit", "slut", "tit", "whore",
)  # fmt: skip

HARMLESS = """
class; grass; brass; assassin; passage; compass; embassy; classic; glass; bass guitar; as; mass;
asset; assembly; assorted; massive sea; molasses; cassette; harass the dragon; carcass;
ambassador; as sand; a s a p; pass; Assisi; bitcoin; stitch; pitch; witch; ditch; habit changing;
Mitch; batch; bit choir; obit; custard; mustard; Bastille; standard; star; bast fibre; peacock;
cocktail; cockatoo; Hitchcock; cockpit; shuttlecock; woodcock; cocker spaniel; cockle shells;
hancock tower; coco; clock; rock; cook; gamecock; document; cucumber; accumulate; circumference;
cumulus clouds; cumin; scum; cummerbund; magna cumulata; documentary; column; curb; Scunthorpe;
country; count; hunt; punt; cut; Dickens; dickcissel; Benedick; predicament; addict; dictionary;
Dicky bird; duck; deck; dock; brick; flag; wag; fagus tree; sofa guide; fagott; agate; bag; leaf
age; faggot of sticks; fog; Ferdinand; duckling; truck; luck; buck; puck; Fuchsia; firetruck;
fulcrum; snowflake; funk; flock; hello; shell; Michelle; hellebore; Hellenic; seashell; chellist;
Othello; mellow; shelling; help; held; homogeneous; homology; home; home office; homonym; Como
lake; chromosome; hominid; homer; doorknobs; knoll; knot; snob; cob; nation; Nazca lines; Nazaré
waves; snazzy; gazing; prickly pear; pricket; Patrick; trick; pickle; Pricklouse; prim; pussycat;
Pussyfoot; puss in boots; pushy; fussy; hussar; posy; grape; drape; trapeze; scrape; rapeseed
field; skyscraper; rapier; parapet; therapy; therapist; rapid river; shiitake; shirt; shift;
mishit ball; hit; shin; ship; sheet; shitzu; lute; salute; sluttery; sl ut; flute; slot; absolute;
title; titan; titmouse; petite; tithe barn; institute; stitches; attitude; constitution; bit;
tight; tint; whole; shore; where; whorl; chore; whom; 455; a55; 5h; 8008 steps; 7175; 1 as 2; 4
ss; ***; f*; * u * k; U.S.A.; a.s.a.p.; W.H.O. report; Dr. Ick; a-s; 2 x 4
"""


def read_harmless() -> list[str]:
    """Every phrase once, without those that really name what is listed."""
    phrases = [" ".join(one.split()) for one in HARMLESS.split(";")]
    return list(dict.fromkeys(filter(None, phrases)))
