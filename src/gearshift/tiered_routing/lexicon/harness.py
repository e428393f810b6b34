"""Marks by which the words of front ends, coding clients and retrieval are told from the user's."""

from typing import Final

BLOCKS: Final = frozenset(
    """
    system-reminder system_reminder environment_details environment_context environment_info user_instructions context file_contents file_content
    files file attached_files attached_file attachments attachment additional_data additional_context open_and_recently_viewed_files
    recently_viewed_files open_files current_file cursor_position linter_errors user_info project_layout project_context git_status rules cursor_rules
    user_rules custom_instructions editor_context editorcontext workspace_info workspace_context workspace reminderinstructions reminder_instructions repo_map
    repomap documents document sources source search_results web_search_results tool_result tool_results tool_response function_results command-name
    command-message local-command-stdout local-command-caveat ide_opened_file ide_selection ide_diagnostics conversation-summary memory memories
    available_skills tools available_tools functions tool_definitions task_progress retrieved_documents retrieved_context knowledge_base knowledge slash_commands
    code_snippets codebase manually_attached_skills agent_transcripts system_context system_notification hook_output user-prompt-submit-hook currentchanges
    """.split()
)
"""Elements that harnesses add to a user's message; they go, with what is in them."""

USER_BLOCKS: Final = (
    "user_query",
    "userrequest",
    "user_request",
    "user_message",
    "user_input",
    "user-query",
    "task",
    "feedback",
)
"""Elements in which harnesses put the user's own words; if there is one, it is all that counts."""

RETRIEVAL_FRAMES: Final = (
    "### task:\nrespond to the user query using the provided context",
    "use the following pieces of",
    "use the following context",
    "context information is below",
    "answer the question based only on the following",
    "answer the question based on the following context",
    "answer the following question based on",
    "given the following context",
    "based on the following context",
    "given the following extracted parts",
    "you are given the following context",
)
"""How templates of retrieval begin; the question stands at the end."""

RETRIEVAL_QUESTIONS: Final = (
    "\nquestion:",
    "\nquery:",
    "\nuser question:",
    "\nuser query:",
    "\nuser:",
    "\nquery: ",
    "</context>",
)
"""What stands before the question in such a template."""

RETRIEVAL_ANSWERS: Final = ("\nanswer:", "\nhelpful answer:", "\nassistant:", "\nfinal answer:")
"""What stands after it."""

SIDE_CALLS: Final = (
    r"(?:generate|write|create|provide|suggest|give|produce|come up with|reply with|output|craft)\b[^.\n]{0,60}\btitle\b[^\n]{0,80}\b(?:conversation|chat|discussion|thread|session|dialogue|words|message)",
    r"\btitle (?:for|of|summarizing|that summarizes) (?:this|the|our|a)\b[^\n]{0,20}\b(?:conversation|chat|discussion|thread|session)",
    r"\b\d(?: ?- ?| to )\d{1,2}[- ]words? (?:title|summary|name)",
    r"(?:you are|as) (?:a|an) (?:[a-z]+ )?(?:title|tag|topic|commit message|follow-up)[- ]generator",
    r"\bname (?:for )?(?:this|the|our) (?:conversation|chat)\b",
    r"isnewtopic",
    r"new conversation topic",
    r"broad tags categori[sz]ing",
    r"relevant follow-?up (?:questions|prompts)",
    r"suggest[^.\n]{0,40}follow-?up (?:questions|prompts)[^.\n]{0,60}(?:user|conversation|chat)",
    r"### task:\s*(?:you are an autocompletion system|generate a (?:concise|detailed|suitable)|analyze the chat history|suggest )",
    r"you are an autocompletion system",
    r"generate search quer(?:y|ies)[^\n]{0,80}(?:chat|conversation) history",
    r"necessity of generating search queries",
    r"emoji that (?:best )?(?:represents|reflects|summarizes)[^\n]{0,60}(?:conversation|message|chat)",
    r"summari[sz]e (?:this|the|our) (?:coding )?(?:conversation|discussion|chat|session)\b[^\n]{0,80}(?:characters|words or (?:less|fewer)|title|future context|new lines|one sentence|briefly)",
    r"summari[sz]e (?:the )?(?:discussion|conversation) briefly",
    r"(?:progressively )?summari[sz]e the lines of conversation",
    r"summari[sz]e the conversation by integrating",
    r"your task is to create a detailed summary of (?:the|this) conversation",
    r"(?:one-line|concise)[^.\n]{0,30}(?:git )?commit message[^.\n]{0,40}(?:diff|changes)",
    r"<\|?fim[_-](?:prefix|middle|suffix)\|?>|<\|fim_begin\|>|\[suffix\][^\n]*\[prefix\]",
    r"(?:complete|completing|completion of) the (?:code|text) at the cursor",
    r"title in \d+ words or less",
    r"(?:without|no) (?:any )?lead-in, punctuation",
    r"rephrase the (?:follow[- ]?up|following) (?:question|input)[^\n]{0,80}standalone question",
)
"""What front ends ask on their own behalf: re2 patterns on lower-case text."""
