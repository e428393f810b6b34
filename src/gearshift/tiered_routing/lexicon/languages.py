"""The languages besides English: how each is recognised and where its cues are."""

from collections.abc import Mapping
from typing import Final

from gearshift.tiered_routing.lexicon import (
    arabic,
    chinese,
    french,
    german,
    hindi,
    italian,
    japanese,
    korean,
    portuguese,
    russian,
    spanish,
)

FUNCTION_WORDS: Final[Mapping[str, str]] = {
    "lang_en": """the, a, an, of, to, and, is, are, was, were, in, on, that, it, for, with, this, what, which, how,
        do, does, did, my, your, i, you, we, be, have, has, from, at, by, not, can, would, should, who, when, where, why""",
    "lang_de": """der, die, das, und, ist, sind, ein, eine, einen, einem, einer, nicht, ich, wie, warum, was, wer, wo, wann, welche, welcher,
        welches, mit, fur, auf, von, zu, den, dem, des, im, wir, mir, mich, auch, bitte, kann, gibt, heisst, zwischen, ein paar, hallo, danke, schreib, erklare, viele, soll""",
    "lang_fr": """le, la, les, des, du, un, une, est, sont, et, que, qui, quel, quelle, quels, quelles, comment, pourquoi, ou, dans, pour, avec, sur, ne, pas,
        je, tu, il, nous, vous, mon, ma, mes, cest, quest, au, aux, ce, cette, par, entre, combien, bonjour, merci, ecris, de, explique, donne moi, lheure""",
    "lang_es": """el, la, los, las, un, una, es, son, y, que, quien, cual, cuales, como, por, para, con, del, en, no, se, mi, mis, tu, me, lo, al, cuanto, cuantos,
        cuantas, cuando, donde, hola, gracias, entre, escribe, explica, de, esta, este, si, mas, su, dime, dame, haz, tengo, puedo""",
    "lang_pt": """o, a, os, as, um, uma, e, sao, que, quem, qual, quais, como, por, para, com, do, da, dos, das, em, no, na, nao, se, meu, minha, me, ao,
        quanto, quantos, quantas, quando, onde, ola, obrigado, obrigada, entre, escreva, explique, de, esta, este, mais, voce, eu, uns, fica, faca, oi""",
    "lang_it": """il, lo, la, i, gli, le, un, una, uno, e, sono, che, chi, quale, quali, qual, come, perche, per, con, del, della, dei, delle, nel, nella, di, da, in, non, si,
        mio, mia, quanto, quanti, quante, quando, dove, ciao, grazie, tra, scrivi, spiega, mi, piu, dimmi, al, alla, cosa, ho, fammi, cose""",
}
"""Frequent short words by which Latin-script languages are told apart."""

SCRIPTS: Final = (
    ("hangul", "ko"),
    ("kana", "ja"),
    ("han", "zh"),
    ("cyrillic", "ru"),
    ("arabic", "ar"),
    ("devanagari", "hi"),
)
"""Scripts that settle the language, in the order in which they are asked (kana before Han)."""

UNSPACED: Final = frozenset({"zh", "ja", "ko"})
"""Matched anywhere: no spaces, or endings and compounds that no list of stems would cover."""

PREFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "ar": ("", "و", "ف", "ال", "وال", "بال", "لل", "ب", "ل", "كال"),
}
"""What may stand before a stem, written as one word with it."""

CUES: Final[Mapping[str, Mapping[str, str]]] = {
    "de": german.CUES,
    "fr": french.CUES,
    "es": spanish.CUES,
    "pt": portuguese.CUES,
    "it": italian.CUES,
    "zh": chinese.CUES,
    "ja": japanese.CUES,
    "ko": korean.CUES,
    "ru": russian.CUES,
    "ar": arabic.CUES,
    "hi": hindi.CUES,
}
