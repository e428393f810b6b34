"""What of a conversation is scored, and how malformed ones are read."""

from typing import Any

import pytest

from gearshift.tiered_routing.conversation import is_follow_up, task_of

QUESTION = "Compare optimistic and pessimistic locking"


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def test_a_text_is_a_conversation_of_one_turn():
    assert task_of("  hello ") == task_of([user("hello")])


def test_the_last_user_turn_counts():
    messages = [user("first"), assistant("second"), user(QUESTION), assistant("third")]
    assert task_of(messages).text == QUESTION


def test_system_prompts_and_tool_results_do_not_count():
    messages = [
        {"role": "system", "content": "design and compare"},
        user(QUESTION),
        {"role": "tool", "content": "a long result"},
        user([{"type": "tool_result", "content": "another"}]),
    ]
    assert task_of(messages).text == QUESTION


def test_parts_with_text_and_image():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    parts = [{"type": "text", "text": "What is"}, image, {"type": "input_text", "text": "this?"}]
    assert task_of([user(parts)]).text == "What is\nthis?"


@pytest.mark.parametrize(
    "block",
    [
        "<system-reminder>x</system-reminder>",
        "<environment_details>\nx\n</environment_details>",
        "<file_contents path='a.py'>x</file_contents>",
        '<attachment id="3">x</attachment>',
        "<context>x <b>y</b></context>",
    ],
)
def test_harness_blocks_are_stripped(block: str):
    assert task_of(f"{block}\n{QUESTION}\n{block}").text == QUESTION


def test_other_markup_stays():
    text = "Why does <div>a</div> not centre, and <context> without an end?"
    assert task_of(text).text == text


def test_a_turn_of_nothing_but_harness_is_passed_over():
    messages = [user(QUESTION), user("<system-reminder>x</system-reminder>")]
    assert task_of(messages).text == QUESTION


RULES = "# AGENTS.md instructions for /home/me\n\n<INSTRUCTIONS>\nProve it.\n</INSTRUCTIONS>"


def test_a_projects_rules_are_not_the_users_words():
    around = "<environment_context>\n<cwd>/home/me</cwd>\n</environment_context>"
    messages = [user(f"{RULES}\n{around}"), user("yes")]
    assert task_of(messages).text == "yes"
    assert task_of(f"{RULES}\n\n{QUESTION}").text == QUESTION
    long = RULES.replace("Prove it.", "Prove it.\n" * 100_000)
    assert task_of([user(long), user("yes")]).text == "yes"


def test_who_asks_about_the_rules_is_heard():
    question = "# AGENTS.md instructions\nWrite some for this repository"
    assert task_of(question).text == question


def test_the_users_own_block_is_all_that_counts():
    text = f"Some preamble <user_query>\n{QUESTION}\n</user_query> more"
    assert task_of(text).text == QUESTION


def test_retrieval_template():
    text = f"Use the following pieces of context.\n\nx y z\n\nQuestion: {QUESTION}\nAnswer:"
    assert task_of(text).text == QUESTION


def test_a_follow_up_is_read_with_the_turns_it_continues():
    messages = [user("unrelated earlier text"), user(QUESTION), assistant("…"), user("continue")]
    task = task_of(messages)
    assert task.text == f"{QUESTION}\ncontinue"
    assert "follow-up" in task.note


def test_follow_ups_look_back_three_turns_at_most():
    messages = [user(QUESTION), *[user("go on") for _ in range(10)]]
    assert QUESTION not in task_of(messages).text


def test_an_accepted_offer_counts():
    messages = [user("hi"), assistant("Hello. Shall I write a parser?"), user("yes")]
    assert "Shall I write a parser?" in task_of(messages).text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "yes",
            "Yes, please!",
            "continue",
            "and in Rust?",
            "why?",
            "what about Go",
            "fix it",
            "?",
        ),
        *(
            "weiter",
            "und in Rust?",
            "warum?",
            "pourquoi ?",
            "sí",
            "por quê?",
            "perché?",
            "continua",
        ),
        *(
            "继续",
            "为什么？",
            "続けて",
            "なぜ？",
            "계속해 줘",
            "왜?",
            "почему?",
            "продолжай",
            "نعم",
        ),
        *("لماذا؟", "हाँ", "क्यों?"),
    ],
)
def test_follow_ups(text: str):
    assert is_follow_up(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "y",
            "2",
            "２",
            "②",
            "b",
            "ok",
            "OK.",
            "k",
            "👍",
            "👍🏽",
            "✅",
            "…",
            "?!",
            "。。。",
            "größer",
        ),
        *(
            "继续",
            "对",
            "第二个",
            "後者",
            "はい",
            "両方",
            "네",
            "둘 다",
            "نعم",
            "الثاني",
            "हाँ",
            "दूसरा",
            "оба",
        ),
    ],
)
def test_a_word_or_a_sign_is_routed_by_what_it_answers(text: str):
    asked = [user(QUESTION), assistant("Shall I begin?"), user(text)]
    assert task_of(asked).text.startswith(QUESTION)
    assert task_of(asked).text.endswith(text)
    assert task_of([user(text)]).text == text


@pytest.mark.parametrize("text", ["🙏", "❤️", "😂😂", "👋", "thanks", "谢谢", "ok thanks"])
def test_thanks_and_joy_ask_for_nothing(text: str):
    assert task_of([user(QUESTION), assistant("Done."), user(text)]).text == text


@pytest.mark.parametrize("answer", ["2", "2.", "(2)", "option 2", "#2"])
def test_a_choice_is_what_it_chooses(answer: str):
    offer = f"What would you like?\n1. a joke\n2. {QUESTION}\n3. a poem"
    assert QUESTION in task_of([user("hi"), assistant(offer), user(answer)]).text
    assert "joke" not in task_of([user("hi"), assistant(offer), user(answer)]).text


@pytest.mark.parametrize(
    "text",
    [
        *("thanks!", "Thank you so much", "ok bye", "danke", "谢谢", "hello"),
        *("What is the capital of Peru?", "Write a poem about rain and tin roofs"),
        "Translate good morning into French please",
    ],
)
def test_messages_that_stand_alone(text: str):
    assert not is_follow_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.",
        "### Task:\nGenerate 1-3 broad tags categorizing the main themes of the chat history",
        "Write a concise title for this conversation. Title in 5 Words or Less. No Punctuation",
        "Please write a 5-10 word title for the following conversation:\n\nUser: hi",
        "Summarize this coding conversation in under 50 characters.",
        "Suggest 3-5 relevant follow-up questions or prompts",
        "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>",
        "Given the history, rephrase the follow up question to be a standalone question.",
    ],
)
def test_side_calls_have_no_text_of_the_users(text: str):
    task = task_of(f"{text}\n{QUESTION}")
    assert task.text == ""
    assert "side call" in task.note


@pytest.mark.parametrize(
    "text",
    [
        "Summarize this 40-page report for the board and weigh its recommendations",
        "Suggest a title for my essay about rivers",
        "Write unit tests for the title case function",
        "How do I write a good commit message?",
    ],
)
def test_what_people_ask_is_no_side_call(text: str):
    assert task_of(text).text == text


@pytest.mark.parametrize(
    "malformed",
    [
        *(None, 5, True, b"bytes", [], [None], [5], [[[]]], {}, {"role": "user"}),
        *([{"role": "user"}], [user(None)], [user(5)], [user([None, 5, {}])], [{"content": "x"}]),
        *([user([{"type": "text", "text": None}])], [user({"text": "x"})], [{"role": 5}]),
    ],
)
def test_malformed_conversations_are_empty(malformed: Any):
    assert task_of(malformed).text == ""


def test_many_openings_without_end_are_read():
    text = "<context>" * 2_000
    assert task_of(text).text == text
