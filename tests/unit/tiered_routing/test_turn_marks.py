"""A conversation in one text is scored as the conversation that it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.turn_marks import turns_of

SYSTEM = "You are an expert in distributed systems. Explain step by step and prove correctness."
HARD = (
    "Design a sharded key-value store with linearizable reads, and compare two consensus protocols"
)
SCORER = TaskComplexityScorer()
GOLDEN = Path(__file__).parents[2] / "golden" / "conversations.yaml"


class Template(NamedTuple):
    """How a chat template writes each turn, and how it asks for the next answer."""

    user: str
    assistant: str
    cue: str
    system: str = ""
    start: str = ""

    def write(self, messages: Sequence[tuple[str, str]]) -> str:
        forms = {"system": self.system, "user": self.user, "assistant": self.assistant}
        turns = (forms[role].replace("{}", content) for role, content in messages)
        return f"{self.start}{''.join(turns)}{self.cue}"


def chatml(start: str, end: str, model: str = "assistant", system: str = "system") -> Template:
    return Template(
        start.replace("ROLE", "user") + "{}" + end,
        start.replace("ROLE", model) + "{}" + end,
        start.replace("ROLE", model),
        start.replace("ROLE", system) + "{}" + end,
    )


TEMPLATES = {
    "ChatML": chatml("<|im_start|>ROLE\n", "<|im_end|>\n"),
    "ChatML with a thought": chatml("<|im_start|>ROLE\n", "<|im_end|>\n")._replace(
        cue="<|im_start|>assistant\n<think>\n\n</think>\n\n"
    ),
    "Llama 3": chatml("<|start_header_id|>ROLE<|end_header_id|>\n\n", "<|eot_id|>")._replace(
        start="<|begin_of_text|>"
    ),
    "Llama 4": chatml("<|header_start|>ROLE<|header_end|>\n\n", "<|eot|>"),
    "Gemma": chatml("<start_of_turn>ROLE\n", "<end_of_turn>\n", "model")._replace(start="<bos>"),
    "Gemma 4": chatml("<|turn>ROLE\n", "<turn|>\n", "model"),
    "Phi 3": chatml("<|ROLE|>\n", "<|end|>\n"),
    "Phi 4": chatml("<|im_start|>ROLE<|im_sep|>", "<|im_end|>"),
    "Zephyr": chatml("<|ROLE|>\n", "</s>\n"),
    "GLM": chatml("<|ROLE|>\n", "")._replace(start="[gMASK]<sop>"),
    "Granite": chatml("<|start_of_role|>ROLE<|end_of_role|>", "<|end_of_text|>\n"),
    "harmony": chatml("<|start|>ROLE<|message|>", "<|end|>")._replace(
        assistant="<|start|>assistant<|channel|>final<|message|>{}<|end|>", cue="<|start|>assistant"
    ),
    "EXAONE": chatml("[|ROLE|]", "[|endofturn|]\n"),
    "Kimi": chatml("<|im_ROLE|>ROLE<|im_middle|>", "<|im_end|>"),
    "Apertus": Template(
        "<|user_start|>{}<|user_end|>",
        "<|assistant_start|>{}<|assistant_end|>",
        "<|assistant_start|>",
        "<|system_start|>{}<|system_end|>",
    ),
    "Seed": chatml("<seed:bos>ROLE\n", "<seed:eos>"),
    "Ling": Template(
        "<role>HUMAN</role>{}<|role_end|>",
        "<role>ASSISTANT</role>{}<|role_end|>",
        "<role>ASSISTANT</role>",
        "<role>SYSTEM</role>{}<|role_end|>",
    ),
    "MiniMax": chatml("<beginning_of_sentence>ROLE name=x\n", "<end_of_sentence>\n", "ai"),
    "Nemotron": chatml("<extra_id_1>ROLE\n", "\n"),
    "Command R": Template(
        "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>{}<|END_OF_TURN_TOKEN|>",
        "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{}<|END_OF_TURN_TOKEN|>",
        "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
        "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>{}<|END_OF_TURN_TOKEN|>",
        "<BOS_TOKEN>",
    ),
    "DeepSeek": Template(
        "<｜User｜>{}",
        "<｜Assistant｜>{}<｜end▁of▁sentence｜>",
        "<｜Assistant｜>",
        "{}",
        "<｜begin▁of▁sentence｜>",
    ),
    "DeepSeek thinking": Template(
        "<｜User｜>{}", "<｜Assistant｜>{}<｜end▁of▁sentence｜>", "<｜Assistant｜><think>\n", "{}"
    ),
    "Mistral": Template(
        "[INST] {} [/INST]", " {}</s>", "", "[SYSTEM_PROMPT]{}[/SYSTEM_PROMPT]", "<s>"
    ),
    "OpenChat": Template(
        "GPT4 Correct User: {}<|end_of_turn|>",
        "GPT4 Correct Assistant: {}<|end_of_turn|>",
        "GPT4 Correct Assistant:",
        "{}<|end_of_turn|>",
    ),
    "Alpaca": Template(
        "### Instruction:\n{}\n\n", "### Response:\n{}\n\n", "### Response:\n", "{}\n\n"
    ),
    "headings": Template("### User:\n{}\n\n", "### Assistant:\n{}\n\n", "", "### System:\n{}\n\n"),
    "Vicuna": Template("USER: {} ", "ASSISTANT: {}</s>", "ASSISTANT:", "{} "),
    "names": Template("User: {}\n", "Assistant: {}\n", "Assistant:", "System: {}\n"),
    "Human": Template("\n\nHuman: {}", "\n\nAssistant: {}", "\n\nAssistant:", "{}"),
    "bold names": Template("**User:** {}\n\n", "**Assistant:** {}\n\n", "**Assistant:**", "{}\n\n"),
    "Human and AI": Template("Human: {}\n", "AI: {}\n", "AI:", "System: {}\n"),
    "large headings": Template(
        "# User\n{}\n\n", "# Assistant\n{}\n\n", "# Assistant\n", "# System\n{}\n\n"
    ),
    "German names": Template("Benutzer: {}\n", "Assistent: {}\n", "Assistent:", "System: {}\n"),
    "French names": Template("Utilisateur : {}\n", "Assistant : {}\n", "Assistant :", "{}\n"),
    "Chinese names": Template("用户：{}\n", "助手：{}\n", "助手：", "{}\n"),
}
CONVERSATIONS = {
    case["id"]: [(role, content) for role, content in case["messages"]]
    for case in yaml.safe_load(GOLDEN.read_text("utf-8"))["cases"]
    if {role for role, _ in case["messages"]} <= {"system", "user", "assistant"}
} | {
    "greeting": [("system", SYSTEM), ("user", "hi")],
    "a question": [("system", SYSTEM), ("user", HARD)],
    "thanks": [("user", HARD), ("assistant", "Leaders replicate a log."), ("user", "thanks, bye")],
    "a choice": [
        ("user", "hello"),
        ("assistant", f"What shall I do?\n1. write a poem\n2. {HARD}"),
        ("user", "2"),
    ],
}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_it_is_scored_as_the_same_conversation(template: Template):
    mark = template.user.partition("{}")[0]
    for name, messages in CONVERSATIONS.items():
        if any(mark in content for _, content in messages):
            continue  # the template itself cannot tell what a turn quotes from a turn
        structured = [{"role": role, "content": content} for role, content in messages]
        expected = SCORER.score(structured)
        text = template.write(messages)
        assert SCORER.score(text) == expected, name
        assert SCORER.score([{"role": "user", "content": text}]) == expected, name


def test_llama_2_has_its_system_prompt_in_the_first_turn():
    text = f"<s>[INST] <<SYS>>\n{SYSTEM}\n<</SYS>>\n\nhi [/INST]"
    assert turns_of(text) == [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": ""},
    ]


def test_an_input_belongs_to_its_instruction():
    turns = turns_of("### Instruction:\nTranslate\n\n### Input:\ngood day\n\n### Response:\n")
    assert turns is not None
    assert turns[0]["content"] == "Translate\ngood day"


@pytest.mark.parametrize(
    "text",
    [
        "What does this template do?\n\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant",
        "Why does `<|im_start|>user\nhi<|im_end|>` end up in my model's answers?",
        "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n\nWhy does it not stop after this?",
        "<|im_start|>user\nhi<|im_end|>\n\nExplain why the tokenizer of Qwen splits this",
        "Explain the difference between <｜User｜> and <｜Assistant｜>",
        "What do <｜User｜> and <｜Assistant｜> mean?",
        "[INST] and [/INST] are used in Llama 2; explain why.",
        "Explain what this prompt template does:\n[INST] {question} [/INST]",
        "What is wrong with this prompt?\n\nUser: hi\nAssistant:",
        "Fix this prompt:\nUser: hi\nAssistant:",
        "Analyse this call:\nUser: it is down\nAssistant: Reboot it.",
        "User: it is down\nAssistant: Reboot it.\n\nSummarize the transcript and propose a plan.",
        "User: can log in\nUser: can log out\nDesign the schema",
        "```\n<|im_start|>user\nhi<|im_end|>\n```\nExplain this template",
        "Write a Jinja template that renders [INST] and [/INST]",
        "user: root\npassword: x\nIs this YAML ok?",
        "### Task\nDesign a cache\n### Constraints\nNo locks",
        "",
        "<",
        "<s>",
        "[INST]",
    ],
)
def test_a_text_that_mentions_marks_is_a_text(text):
    turns = turns_of(text)
    assert turns is None or [turn["role"] for turn in turns] == ["user"]


def test_of_very_long_texts_the_end_is_read():
    history = f"<|im_start|>user\n{HARD}<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n" * 2_000
    text = f"{history}<|im_start|>user\nWhat time is it?<|im_end|>\n<|im_start|>assistant\n"
    assert SCORER.score(text).tier == "simple"


@pytest.mark.parametrize(
    "text",
    [
        *("<|im_start|>" * 50_000, "<|user|>" * 50_000, "User: " * 50_000, "[INST]" * 50_000),
        *("<s>" + "<" * 300_000, "<s>[INST]" + "</s>" * 50_000 + "a", "USER: \n" * 50_000 + "AI:"),
        "<s>[INST]<<SYS>>" * 20_000,
    ],
    ids=lambda text: text[:20],
)
def test_nothing_takes_long(text):
    SCORER.score(text)  # under the time limit of every test
