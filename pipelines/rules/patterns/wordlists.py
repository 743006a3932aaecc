"""Words that tell a designator from two words of a sentence."""

from __future__ import annotations

# fmt: off

# Shorthand of other trades that looks like a designator: "a B2B platform" is no B-2.
SHORTHAND = frozenset({"a2a", "a2p", "b2b", "b2c", "b2g", "c2b", "c2c", "d2c", "g2g", "m2m", "p2p", "v2v", "v2x"})

# Words that may connect a designator with its version: "Block 70 versions of the new F-16".
CONNECTING = frozenset({
    "a", "advanced", "aircraft", "airframe", "airframes", "an", "combat", "configuration", "destroyer",
    "destroyers", "fighter", "fighters", "fleet", "frigate", "frigates", "jet", "jets", "latest", "model",
    "models", "multirole", "new", "newest", "of", "plane", "planes", "series", "standard", "submarine",
    "submarines", "the", "type", "upgraded", "variant", "variants", "version", "versions", "warplane",
    "warplanes",
})

# Words that connect only before a word of STANDARDS ("F-16s in the Block 70 configuration") or after a word of
# UPGRADING, and not otherwise ("F-16s parked in Block 70").
WEAK = frozenset({
    "at", "in", "into", "to",
})

UPGRADING = frozenset({
    "brought", "built", "converted", "modernised", "modernized", "upgraded",
})

STANDARDS = frozenset({
    "configuration", "configurations", "form", "guise", "level", "model", "specification", "standard",
    "standards", "status", "variant", "variants", "version", "versions",
})

# A word and a number joined only by spaces are no designator before these: "a 10 percent", "type 400 million".
MEASURES = frozenset({
    "am", "billion", "crore", "day", "days", "dollars", "euros", "feet", "foot", "hour", "hours", "hundred",
    "inch", "inches", "kg", "kilometer", "kilometers", "kilometre", "kilometres", "km", "knots", "lakh",
    "meter", "meters", "metre", "metres", "mile", "miles", "million", "minute", "minutes", "mm", "month",
    "months", "nm", "people", "per", "percent", "percentage", "pm", "pounds", "second", "seconds", "thousand",
    "times", "ton", "tonne", "tonnes", "tons", "trillion", "week", "weeks", "year", "years",
})

STATES = frozenset({
    "eu", "uae", "uk", "un", "us", "usa",
})
"""Abbreviations that a dash joins to a name without making a longer designator: ``a US-F-16 deal``."""

PREFIXES = frozenset({
    "ex", "non", "post", "pre", "pro",
})
"""Prefixes that a dash joins to any name without making a longer designator: ``a non-3M-14 missile``."""

ORDINALS = frozenset({
    "nd", "rd", "st", "th",
})

# Units and ordinals: 400km and 16th are no variants.
NOT_VARIANTS = frozenset({
    "am", "bn", "cm", "ft", "ghz", "hp", "hz", "in", "kg", "khz", "km", "kph", "kw", "lb", "lbs", "m", "mhz",
    "mm", "mn", "mph", "mw", "nd", "nm", "pm", "rd", "st", "th",
})

# Words of weapons' names that are frequent in news. They affect only the order of checks, never the matches.
FREQUENT = frozenset({
    "advanced", "against", "aim", "air", "aircraft", "american", "anti", "area", "army", "artillery", "attack",
    "attacks", "battalion", "battery", "bear", "billion", "black", "block", "boat", "bomb", "brigade", "chinese",
    "city", "class", "combat", "command", "contract", "countries", "country", "crew", "david", "defence", "defense",
    "delivered", "delivery", "destroyer", "development", "direct", "division", "drone", "drones", "equipment",
    "european", "exercise", "fighter", "fighters", "fighting", "force", "forces", "foreign", "frigate", "general",
    "global", "golden", "government", "gun", "helicopter", "helicopters", "high", "howitzer", "iii", "including",
    "interceptor", "interceptors", "international", "iron", "jets", "joint", "land", "launch", "launched", "launcher",
    "launchers", "law", "long", "medium", "million", "minister", "ministry", "missile", "missiles", "multiple",
    "national", "navy", "night", "nuclear", "officials", "operation", "operations", "percent", "pilot", "president",
    "production", "program", "programme", "project", "radar", "range", "regiment", "reported", "rocket", "rockets",
    "russian", "sam", "sea", "security", "self", "ship", "shipment", "soldiers", "speed", "spirit", "squadron",
    "standard", "statement", "storm", "strike", "submarine", "submarines", "super", "support", "surface", "system",
    "systems", "tank", "tanks", "training", "transport", "type", "vehicle", "vehicles", "virginia", "warhead",
    "weapon", "weapons", "western", "white",
})
