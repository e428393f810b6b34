"""Kinds of evidence: what a word, a pattern or a whole text can be a sign of."""

from enum import IntEnum, auto


class Kind(IntEnum):
    """One kind of evidence; its value is its place in the list of counts.

    The lexicon names kinds in lower case. Points are summed in this order, and the last bit of a
    sum depends on it: moving a kind changes scores.
    """

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[int]) -> int:
        return count  # from 0, as the places of a list

    # What a request asks for, by its words and phrases.
    PROVE = auto()
    COMPARE = auto()
    DESIGN = auto()
    ANALYSE = auto()
    WHY = auto()
    MECHANISM = auto()  # how something comes about
    WORK = auto()  # "works", "leads to": with MECHANISM it is a PROCESS
    ADVICE = auto()
    LONG_TEXT = auto()  # an essay, a story, a speech
    CONSTRAINT = auto()
    CONDITION = auto()
    SEQUENCE = auto()
    DEBUG = auto()
    PUZZLE = auto()
    NUMBER = auto()  # a number written as a word
    LOOKUP = auto()  # one fact
    DEFINE = auto()
    EDIT = auto()  # a text that is there already, to be changed a little
    BRIEF = auto()  # a short answer is asked for
    LIST = auto()
    SHORT_TEXT = auto()  # an e-mail, a caption, a subject line
    SMALLTALK = auto()  # greetings, thanks
    FIRST_PERSON = auto()
    QUALITY_BAR = auto()  # thread-safe, production-ready, edge cases
    TRIVIAL_CODE = auto()  # hello world, a shortcut, the syntax for something
    CONTRAST = auto()  # versus, rather than
    HOWTO = auto()
    TRANSLATE = auto()
    CRAFT = auto()  # rhyme, register, nuance
    MAKE = auto()
    HYPOTHETICAL = auto()
    PROBING = auto()  # really, in practice, even though
    EXPLAIN = auto()
    SOLVE = auto()
    WORD_PROBLEM = auto()  # mathematics in everyday words
    ACTION = auto()  # parse, validate, store: each is a step

    # Terms of a field.
    SPECIALIST_CODE = auto()
    COMMON = auto()  # terms that laymen use as well
    LANGUAGE = auto()  # programming languages
    CODE_OBJECT = auto()  # script, function, query: what is written in them
    QUANTITY = auto()
    SPECIALIST = auto()

    # Layout, punctuation, scripts.
    FENCE = auto()
    SYNTAX = auto()
    FORMULA = auto()
    NUMBERED = auto()
    BULLETS = auto()
    DIGIT = auto()
    QUOTE = auto()
    HANGUL = auto()
    KANA = auto()
    HAN = auto()
    CYRILLIC = auto()
    ARABIC = auto()
    DEVANAGARI = auto()

    # Function words of each language, English first.
    LANG_EN = auto()
    LANG_DE = auto()
    LANG_FR = auto()
    LANG_ES = auto()
    LANG_PT = auto()
    LANG_IT = auto()

    # What is not in the lexicon: counted from the text, or concluded from other kinds.
    SEVERAL_QUESTIONS = auto()
    SCOPE = auto()  # how much is said, in steps of about a dozen words
    FIGURES = auto()  # different numbers in digits
    CODE_REQUEST = auto()
    PROCESS = auto()
    CALCULATION = auto()
    UNFRAMED = auto()  # the scope of a text that shows no small frame
    BARE_TOPIC = auto()  # a term of a field, and no small frame
    CLAUSES = auto()
    SITUATION = auto()  # a story, a case: several sentences without a decidedly small frame


def kind_named(name: str) -> Kind:
    """The kind that the lexicon calls by this name.

    Raises:
        KeyError: There is none.
    """
    return Kind[name.upper()]
