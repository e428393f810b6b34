"""What an error that finds something wanting is about: the model, the request, or the path."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final


class Subject(Enum):
    """Of an error."""

    MODEL = auto()  # the model is not there
    REQUEST = auto()  # something that this one request says
    UNKNOWN = auto()  # often a path that the server does not have


_NAME: Final = r"(?:[`'\"“«(][^`'\"”»)]{1,200}[`'\"”»)]|[^\s`'\"]{1,200})"
_LACKS: Final = (
    r"(?:not[ _]?found|do(?:es)?(?: not|n't) (?:seem to )?exist|not exist|unknown|not available"
    r"|unavailable|no longer (?:available|exist)|inaccessible|not (?:be )?(?:found|loaded|deployed)"
    r"|not a valid|not (?:currently )?(?:being )?served|has been (?:deprecated|retired|removed)"
    r"|not supported by any|不存在)"
)
# "model 'x' not found": between the two stands nothing but its name.
_MODEL_LACKS: Final = re.compile(
    r"(?:\b(?:model|deployment|engine)s?|模型)(?:/[^\s,]+)?"
    rf"(?:,? (?:id|name|named|called|with (?:the )?(?:id|name)))?[ :=]*(?:{_NAME})?"
    r"(?: for this resource)?,?:? ?(?:is|was|are|could|can|either|currently|has)? ?"
    rf"{_LACKS}"
)
# "invalid model 'x'", "not found the model x"
_LACKS_MODEL: Final = re.compile(
    rf"(?:{_LACKS}|no such|invalid|can(?:no|')t find|could not find|unable to (?:find|access|load))"
    r"[: ]+(?:the |a |requested |any )*(?:model|deployment)\b"
    r"(?! (?:input|output|param|setting|opt))"
)
_OTHER_WAYS: Final = re.compile(
    r"^model: \S+$|is not a valid model|no endpoints found for|no allowed providers"
    r"|(?:not|n't) have access to (?:the )?model|permission.{0,20}\bmodel\b"
)
_MODEL_CODES: Final = re.compile(
    r"\b(?:model_?not_?found|deployment_?not_?found|unknown_?model|invalid_?model(?:_name|_id)?"
    r"|model_?not_?(?:available|supported|exist)|no_?such_?model)\b"
)
# What a request may say of itself that a server does not find, or does not take.
_OF_THE_REQUEST: Final = re.compile(
    r"\b(?:param(?:eter)?|field|argument|option|setting|property|header|input|tool|function|adapter"
    r"|lora|image|file|url|attachment|voice|template|previous response|conversation|thread"
    r"|tool[_ ]choice|response[_ ]format|reasoning[_ ]effort|service[_ ]tier|logprobs|top_logprobs"
    r"|temperature|top[_ ][pk]|max(?:_completion)?[_ ]tokens|stream[_ ]options|seed|stop|logit_bias"
    r"|json[_ ]schema|messages?)\b"
)
_OF_THE_PATH: Final = re.compile(
    r"\binvalid url\b|\bendpoint or method|\bno route\b|\bcannot post\b|\bfile not found\b"
    r"|\bpage\b|\brequested url\b|\bpath\b"
)


def subject_of(message: str, labels: str = "", param: str = "") -> Subject:
    """What an error of status 400 to 499 is about.

    Args:
        message: Its words.
        labels: Its type and code.
        param: The field that it names as its cause, if it does.

    >>> subject_of("model 'x' not found"), subject_of("Tool 'x' not found by this model")
    (<Subject.MODEL: 1>, <Subject.REQUEST: 2>)
    """
    text, codes = message.lower(), labels.lower()
    if param and param.lower() != "model":
        return Subject.REQUEST
    if _MODEL_CODES.search(codes) or any(
        pattern.search(text) for pattern in (_OTHER_WAYS, _MODEL_LACKS, _LACKS_MODEL)
    ):
        return Subject.MODEL
    if _OF_THE_PATH.search(text):
        return Subject.UNKNOWN
    return Subject.REQUEST if _OF_THE_REQUEST.search(text) else Subject.UNKNOWN
