"""Layout, punctuation and scripts: patterns on the text as written, in re2's syntax."""

from collections.abc import Mapping
from typing import Final

RAW: Final[Mapping[str, tuple[str, ...]]] = {
    "fence": ("```", "~~~"),
    "syntax": (
        r"\bdef \w+\(",
        r"\bclass \w+ ?[:({]",
        r"(?m)^\s*(?:import|from) [\w.]+",
        r"#include\b",
        r"=>|->|::|:=",
        r"\)\s*\{",
        r";\s*\n",
        r"</\w+>",
        r"(?i)\bselect\s[\w*., ]+\sfrom\b",
        r"\breturn\b[^.\n]*[;)\]]",
        r"\w\.\w+\(",
        r"==|!=|&&|\|\|",
        r"\bfor \w+ in \w+\b[^.?\n]*:",
        r"\w\[\w*\]",
        r"\b\w+_\w+\(",
        r"(?i)\b(?:function|const|let|var) \w+ ?[=(]",
        r"\w\(\w*(?:, ?\w+)*\)",
        r"\b(?:None|True|False|null|nil|void|int)\b",
    ),
    "debug": (
        r"Traceback \(most recent",
        r"\w(?:Error|Exception)\b",
        r"\bat [\w.$]+\([\w.]+:\d",
        r"\b(?:SIGSEGV|SIGKILL|OOMKilled|CrashLoopBackOff|ECONNREFUSED|ENOENT|HTTP 5\d\d)\b",
    ),
    "formula": (
        r"[\w)]\s?\^\s?[\w({-]",
        r"\\(?:frac|sqrt|sum|int|lim|cdot|pi|theta|alpha|left|begin|le|ge)\b",
        r"\$[^$\n]+\$",
        r"[∫∑√∞∂∇≤≥≠±∈∀∃→⊂∪∩]",
        r"\b[a-zA-Z]\s?[=<>]\s?[-\w(]",
        r"\b[fghp]\([a-z]\)",
        r"\b\d*[xyz]\s?[+*/-]\s?\d",
        r"[²³]",
    ),
    "lookup": (
        r"(?im)(?:^|[.!?:,]\s+)(?:and |so |but |ok |hey )?(?:who|whose|who's|where|where's|which)\b",
        r"(?i)^\W*(?:is|are|was|were) (?:the )?[\w-]+(?: [\w-]+)? (?:a|an|the|inside|in|from|made of|bigger|smaller|older|taller)(?: [\w-]+){1,3} ?\?*$",
        r"(?i)^\W*(?:(?:what(?:'s| is)|whats) )?[$€£]?\d[\d.,/]* ?(?:%|percent|[\w°]+ (?:in|to|into|as))",
        r"(?i)\b(?:convert|round|write|express) (?:the )?[$€£]?\d[\d.,/]*",
    ),
    "edit": (
        r"(?i)^\W*(?:please )?(?:sort|capitali[sz]e|reverse|spell|translate|rename|shorten|reformat)\b[^.?!]{0,80}:",
    ),
    "hypothetical": (
        r"(?i)^\W*(?:could|would|should|can|must|do|does|did) (?:an?|the|we|he|she|they|it|there|[a-z]{4,})\b",
    ),
    "numbered": (r"(?m)^\s*\d{1,2}[.)]\s[^\n]*\n", r"\(?\b1\)\s.", r"\(i{1,3}\)", r"①"),
    "bullets": (r"(?m)^\s*[-*•]\s",),
    "digit": (r"[0-9]", r"[０-９]"),
    "quote": (r'"[^"\n]', "“", "„", "«", "「"),
    "hangul": (r"\p{Hangul}",),
    "kana": (r"[\p{Hiragana}\p{Katakana}]",),
    "han": (r"\p{Han}",),
    "cyrillic": (r"\p{Cyrillic}",),
    "arabic": (r"\p{Arabic}",),
    "devanagari": (r"\p{Devanagari}",),
}
"""Each kind's patterns; every one that occurs counts once."""
