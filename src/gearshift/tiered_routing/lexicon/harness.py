"""Marks by which the words of front ends, coding clients and retrieval are told from the user's."""

from typing import Final

BLOCKS: Final = frozenset(
    [
        "system-reminder",
        "system_reminder",
        "environment_details",
        "environment_context",
        "environment_info",
        "user_instructions",
        "context",
        "file_contents",
        "file_content",
        "files",
        "file",
        "attached_files",
        "attached_file",
        "attachments",
        "attachment",
        "additional_data",
        "additional_context",
        "open_and_recently_viewed_files",
        "recently_viewed_files",
        "open_files",
        "current_file",
        "cursor_position",
        "linter_errors",
        "user_info",
        "project_layout",
        "project_context",
        "git_status",
        "rules",
        "cursor_rules",
        "user_rules",
        "custom_instructions",
        "editor_context",
        "editorcontext",
        "workspace_info",
        "workspace_context",
        "workspace",
        "reminderinstructions",
        "reminder_instructions",
        "repo_map",
        "repomap",
        "documents",
        "document",
        "sources",
        "source",
        "search_results",
        "web_search_results",
        "tool_result",
        "tool_results",
        "tool_response",
        "function_results",
        "command-name",
        "command-message",
        "local-command-stdout",
        "local-command-caveat",
        "ide_opened_file",
        "ide_selection",
        "ide_diagnostics",
        "conversation-summary",
        "memory",
        "memories",
        "available_skills",
        "tools",
        "available_tools",
        "functions",
        "tool_definitions",
        "task_progress",
        "retrieved_documents",
        "retrieved_context",
        "knowledge_base",
        "knowledge",
        "slash_commands",
        "code_snippets",
        "codebase",
        "manually_attached_skills",
        "agent_transcripts",
        "system_context",
        "system_notification",
        "hook_output",
        "user-prompt-submit-hook",
        "currentchanges",
    ]
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

RULES_FRAME: Final = "# agents.md instructions"
"""How a turn begins in which Codex brings a project's rules."""

RULES_END: Final = "</INSTRUCTIONS>"
"""What stands behind them."""

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
