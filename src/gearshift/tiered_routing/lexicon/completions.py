"""Marks with which code models are asked to fill a gap in a text, as regular expressions."""

from typing import Final

GAP_MARKS: Final = (
    r"<[|｜]?\[?(?i:fim[-_▁ ]?(?:prefix|suffix|middle|begin|hole|end|pre|suf|mid))\]?[|｜]?>",
    r"<[|｜](?:code|file)_(?:prefix|suffix|middle)[|｜]>",
    r"<(?:PRE|SUF|MID)(?:FIX|DLE)?>",
    r"\[(?:PREFIX|SUFFIX|MIDDLE)\]",
    r"<AIX-SPAN-(?:PRE|POST|MIDDLE)>",
    r"<[|｜]mask:\d{1,2}[|｜]>",
)
"""What stands before the text in front of the gap, the text behind it, and what is to be written.

Case counts: `<pre>` is HTML."""

CONTEXT_MARKS: Final = (
    r"<[|｜]?(?:repo_?name|file_?sep|file_?name|repo_?path|gh_?stars|jupyter_code|commit_before)[|｜]?>",
)
"""What may stand before those: the repository and the files around."""

EDIT_MARKS: Final = (
    r"<[|｜](?:editable_region_start|user_cursor_is_here|code_to_edit|area_around_code_to_edit|cursor|cursor_position)[|｜]>",
    r"<FILL_(?:ME|HERE)>",
    r"\{\{ ?FILL_(?:ME|HERE) ?\}\}",
)
"""Marks of a region, a cursor or a hole that stand on a line of their own."""

EMPTY_MARKS: Final = (
    r"<[|｜](?:begin|end)[▁_ ]?of[▁_ ]?(?:sentence|text)[|｜]>",
    r"<[|｜](?:endoftext|startoftext|bos|eos|pad)[|｜]>",
    r"</?s>",
    r"<(?:bos|eos|pad|BOS_TOKEN|EOS_TOKEN)>",
    r"\[gMASK\]",
    r"<sop>",
)
"""Marks of the beginning and the end of a whole text: they say nothing about who speaks."""
