"""Marks with which chat templates write a conversation as one text, as regular expressions."""

from typing import Final

ROLES: Final = {
    "user": "user|human|prompter|prompt|用户|用戶|ユーザー|사용자|пользователь",
    "assistant": "assistant|model|answer|ai|bot|chatbot|gpt|助手|アシスタント|어시스턴트|ассистент",
    "system": "system|developer|系统|系統|システム",
    "tool": "tool|ipython|observation|function|environment",
}
"""Names of roles in special tokens, by the role that they stand for."""

HEADINGS: Final = {
    "user": "user|human|instruction|instructions|instruct|input|question|query",
    "assistant": "assistant|response|output|answer|ai|bot",
    "system": "system|context",
}
"""Names of roles in headings, as in `### User:`."""

TRANSCRIPT: Final = {
    "user": "gpt4 correct user|user|human|benutzer|nutzer|utilisateur|usuario|usuário|utente|用户|用戶|问|ユーザー|사용자|пользователь",
    "assistant": "gpt4 correct assistant|assistant|ai|bot|chatbot|gpt|falcon|assistent|assistente|asistente|助手|答|アシスタント|어시스턴트|ассистент",
    "system": "system|系统|系統|システム",
    "tool": "tool|observation|function",
}
"""Names of roles before a colon, as in `User: hello`."""

CONTINUED: Final = frozenset(["input"])
"""Names behind which the turn before goes on."""

OPENERS: Final = (
    r"<[|｜](?:im_start|start_header_id|header_start|start_of_role|start|bot|role_start|turn_start)[|｜]>",
    r"<(?:start_of_turn|\|turn|seed:bos|extra_id_\d|special_1\d|beginning_of_sentence|role)>",
    r"\]~b\]",
)
"""What stands before the name of a role that a line end or another token ends."""

SEPARATORS: Final = (
    r"<[|｜](?:im_sep|im_middle|end_header_id|header_end|end_of_role|message|channel)[|｜]>",
    r"</role>",
)
"""What stands between a role and its words."""

BRACKETS: Final = {
    "[inst]": "user",
    "[/inst]": "assistant",
    "[system_prompt]": "system",
    "[/system_prompt]": "",
    "[available_tools]": "tool",
    "[/available_tools]": "",
    "[tool_calls]": "assistant",
    "[tool_results]": "tool",
    "[/tool_results]": "assistant",
}
"""Mistral's and Llama 2's tokens, and who speaks behind each; nobody where it only closes."""

CLOSERS: Final = (
    r"<[|｜](?:im_end|eot_id|eot|eom_id|end|end_of_turn|end_of_turn_token|end_of_text|endoftext|endofturn|return|call"
    r"|separator|role_end|\w{1,20}_end|end▁of▁sentence|end_of_sentence)[|｜]>",
    r"\[\|endofturn\|\]",
    r"<(?:end_of_turn|turn\||seed:eos|end_of_sentence|eo[ha]|/s|eos|sep)>",
    r"\[e~\[",
)
"""What ends the words of a turn."""
