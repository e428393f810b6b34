"""Side calls of front ends are told from work by their shape, in every language."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gearshift.tiered_routing.conversation import task_of
from gearshift.tiered_routing.lexicon import side_calls as lexicon
from gearshift.tiered_routing.side_calls import is_side_call, is_side_prompt

WORK = (
    "Design a distributed rate limiter in Go with Redis, compare token bucket and sliding window, "
    "and explain the trade-offs"
)
CALLS = [
    "Generate a concise 3-7 word title for this conversation, omitting punctuation.",
    "Provide a title of five words or less for the conversation. Return only the title.",
    "Please reply with a title for the chat that is 3-4 words long, with no end punctuation",
    "Give this chat a short name",
    "Name this conversation in at most four words",
    "Come up with a heading for the session above, under 40 characters",
    "Please suggest a git branch name for these changes, kebab-case only",
    "Write a concise commit message for the following diff",
    "Generate a conventional commit message based on the staged changes",
    "Create a commit message for this patch. Only output the message.",
    "Write a PR title and description for the changes on this branch",
    "Please write a brief progress message for the following request",
    "Write a short, catchy status message for this request",
    "From the conversation so far, give a concise description of this session in 4 words or less",
    "Summarize the conversation so far so that another assistant can resume the work",
    "The context is nearly full. Create a handoff summary for another model to continue the task",
    "Summarize this part of a conversation about programming. Be brief about old parts",
    "Create a detailed summary of the conversation so far, keeping file names and decisions",
    "Suggest three follow-up questions the user might ask next, as a JSON array",
    "Predict the three questions that the human is likely to ask next, each below 20 characters",
    "Based on the chat history, generate 1-3 search queries. Respond in JSON",
    "Rewrite the last message as a standalone question using the conversation",
    "Generate one search query for the user's question. Only return the query",
    "Pick one emoji that best represents this conversation",
    "Choose a single emoji for the chat below",
    "Generate 1-3 tags for the following chat. JSON only",
    "Extract up to five keywords from this conversation to be used as tags",
    "Label this conversation with a topic of one or two words",
    "Determine whether the latest message starts a new topic; answer with yes or no",
    "Decide if the user's message needs a web search. Answer yes or no only",
    "Pause the role-play. Summarize the most important facts of the story so far in 200 words",
    "Generate a short title that summarizes the user's request below",
    "Summarize the user's first message as a title of at most six words",
    "Create a slug for this session based on the first message",
    "Write a subject line for this conversation",
    "Suggest a file name for this chat export",
    "What would be a good title for this conversation? Answer with the title only.",
    "Title this chat.",
    "In 5 words or fewer, what is this conversation about?",
    "Generate 3 suggested replies that the user could send next",
    "Predict up to five short messages this user would probably send next. Reply with JSON",
    "List 3 messages our user may well type next in this chat",
    "Suggest what that person is most likely to ask next, as a JSON array of strings",
    "Offer four things your user might now want to say, as an array and nothing else",
    "Give three ways this user could continue the conversation, as JSON only",
    "Guess the next message of the user. Output only the message",
    "Describe this chat in one emoji",
    "Express the mood of the message below with a single emoji. Output the emoji only.",
    "Your job is to convey the speaker's mood through one suitable emoji.\n\nMessage: hello",
    "Does this message require a web search? Reply yes or no.",
    "Detect the language of the user's message; answer with an ISO code only",
    "Назови этот чат двумя словами",
    "इस चैट का नाम रखें",
    "Dale un título a este chat",
    "Formuliere einen Titel für dieses Gespräch mit höchstens fünf Wörtern",
    "Erstelle einen kurzen Titel für diesen Chat, ohne Anführungszeichen",
    "Fasse dieses Gespräch in einem Satz zusammen",
    "Schreibe eine Commit-Nachricht für diese Änderungen",
    "Schlage einen Branch-Namen für diese Anfrage vor",
    "Schlage drei Folgefragen vor, die der Nutzer in diesem Gespräch stellen könnte",
    "Génère un titre court pour cette conversation, cinq mots maximum",
    "Résume la conversation ci-dessus en quelques phrases",
    "Écris un message de commit pour ces modifications",
    "Propose un nom de branche pour cette demande",
    "Suggère trois questions de suivi pour cette conversation",
    "Genera un título breve para esta conversación, máximo cinco palabras",
    "Resume la conversación anterior en un párrafo",
    "Escribe un mensaje de commit para estos cambios",
    "Gere um título curto para esta conversa, com no máximo cinco palavras",
    "Resuma a conversa acima",
    "Escreva uma mensagem de commit para estas alterações",
    "Scrivi un titolo breve per questa conversazione",
    "Riassumi la conversazione precedente",
    "Scrivi un messaggio di commit per queste modifiche",
    "请为这段对话生成一个不超过10个字的标题",
    "总结以上对话内容，作为后续上下文",
    "请根据下面的改动写一条提交信息",
    "给这个聊天起个名字",
    "根据对话生成三个后续问题",
    "この会話の短いタイトルを生成してください",
    "これまでの会話を要約してください",
    "この差分のコミットメッセージを書いてください",
    "この会話に続く次の質問を三つ提案してください",
    "이 대화의 짧은 제목을 지어 주세요",
    "지금까지의 대화를 요약해 주세요",
    "이 변경 사항에 대한 커밋 메시지를 작성해 주세요",
    "Придумай короткий заголовок для этого разговора, не более пяти слов",
    "Кратко изложи содержание этой беседы",
    "Напиши сообщение коммита для этих изменений",
    "Предложи три уточняющих вопроса к этому диалогу",
    "اكتب عنوانا قصيرا لهذه المحادثة",
    "لخص المحادثة السابقة في فقرة واحدة",
    "اقترح ثلاثة أسئلة متابعة لهذه المحادثة",
    "इस बातचीत के लिए एक छोटा शीर्षक लिखें",
    "अब तक की बातचीत का सारांश तैयार करें",
]
ASKED_BY_PEOPLE = [
    "Write a summary of the trade-offs between optimistic and pessimistic locking",
    'Write an essay of 2000 words with the title "Conversations", in the words of a teacher',
    "Design a commit message linter in Rust",
    "How do I write a good commit message?",
    "Write a function that returns the title of the conversation",
    "Create a table with columns title, session and messages in PostgreSQL",
    "Build a chat app that generates titles for conversations",
    "Explain how ChatGPT generates titles for conversations",
    "How do front ends generate a title for a conversation, and which model suits best?",
    "Write a prompt that makes an LLM generate a title for a chat",
    "Compare three ways to summarize conversations for context compaction",
    "Implement title generation for conversations in our app",
    "Write a regex that validates git branch names",
    "Write a git hook that checks the commit message",
    "Summarize this 40-page report for the board and weigh its recommendations",
    "Suggest a title for my essay about rivers",
    "Write unit tests for the title case function",
    "Summarize our conversation so far and then design the database schema with migrations",
    "Write a Python script that reads commit messages and groups them by author",
    "Summarize the history of Rome and its causes of decline",
    "Write a summary of the discussion between Einstein and Bohr on quantum mechanics",
    "Generate a class name generator in Go for session messages",
    "Write a search query parser with operator precedence",
    "Design a database schema for conversations with titles, tags and messages",
    "Refactor this code: the title of the conversation is not updated when I create a session",
    "Write an SQL query that returns the titles of all conversations with more than 5 messages",
    "Write a short story about a conversation between two robots with a catchy title",
    "Draft an email summarizing our discussion with the supplier and propose next steps",
    "Explain the difference between a commit message and a tag in git",
    "What are good follow-up questions after a job interview?",
    "Write a program to rename the branch after the ticket name",
    "Give me a step by step plan to migrate our chat service, name the risks",
    "Write a React component that edits the chat title inline",
    "Analyze the conversation between Hamlet and Ophelia and give your analysis a title",
    "Schreibe eine Funktion, die den Titel des Chats zurückgibt",
    "Vergleiche drei Verfahren, Gespräche zusammenzufassen",
    "Écris une fonction qui renvoie le titre de la conversation",
    "Escribe una función que devuelva el título de la conversación",
    "写一个函数返回对话的标题",
    "会話のタイトルを返す関数を書いて",
    "대화 제목을 반환하는 함수를 작성해 줘",
    "Напиши функцию, которая возвращает заголовок чата",
    "اكتب دالة تعيد عنوان المحادثة",
    "ऐसा फ़ंक्शन लिखें जो बातचीत का शीर्षक लौटाए",
    "Review this prompt: 'Generate a concise title for this conversation in 5 words'. Explain it.",
    'Why does "Write a title for this chat" make the model ramble? Explain and design a better one',
    "Refactor this to be async:\nreturn llm('Generate a title for this conversation')",
    "Rewrite this SQL search query so that it uses the index, and explain the plan",
    "Plan a marketing campaign with slogans, name the channels and summarize the costs",
    "Write a report on how to write titles for chats",
    "List the questions a person might ask about our API, and answer each with code",
    "Predict what our users will pay next year and derive a pricing model",
    "Write a game in which the user has to guess the next message of the robot",
    "Explain how to represent a sentiment through one emoji with a classifier in Python",
    "Give three ways the user could exploit this function, and refactor it",
]
SIDE_PROMPTS = [
    "You write very short titles for chats. You get a request and answer with one brief title.",
    "You are an expert in short git branch names. You reply with a branch name only.",
    "You are an expert in short, catchy progress messages for chatbot requests.",
    "You help a developer find the best git commit message for their code changes.",
    "Answer with a description of four words or less only",
    "请把给出的对话总结成一个10个字以内的标题，只输出标题。",
    "*Briefly* summarize this part of a conversation about programming.",
    "You are a title generator. You output only a thread title.",
    "You are an assistant that specializes in creating expressive yet few-words chat titles.",
    "Your job is to write a short clear commit message that summarizes the changes.",
    "You name chats. Reply with the name only.",
    "You are a conversation summarizer.",
    "You're a commit message generator.",
    "You rewrite user queries into search queries.",
    "You generate follow-up questions.",
    "You are an autocomplete engine. Predict what the user will type next.",
    "Ты придумываешь короткие заголовки для чатов.",
    "You generate a succinct title and a git branch name for a coding session.",
    "You summarize conversations. Provide a summary that lets another agent continue the work.",
    "Du bist ein Assistent, der kurze Titel für Gespräche erstellt. Antworte nur mit dem Titel.",
    "Tu génères des titres courts pour des conversations. Réponds uniquement avec le titre.",
    "你是一名擅长会话的助理，你需要将用户的会话总结为10个字以内的标题",
]
PROMPTS_OF_ASSISTANTS = [
    "You are a helpful assistant.",
    "You are a helpful coding assistant that writes code, commit messages and docs.",
    "You are an interactive tool in a terminal that helps users to write software.",
    "You are a support bot. Answer the user's question with a short title and three bullet points.",
    "You are an expert in software architecture and name patterns precisely.",
    "You are an editor. Improve the text, give it a title and explain the changes.",
    "You are a product manager. Summarize user research and design roadmaps.",
    "Keep the conversation short and friendly.",
    "You are a research assistant. Search the web and summarize findings with citations.",
]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_one_whatever_it_quotes_and_wherever_it_stands(call):
    assert task_of(f"{call}\n\n{WORK}").text == ""
    assert task_of([{"role": "user", "content": f"{WORK}\n\n{call}"}]).text == ""


@pytest.mark.parametrize("text", ASKED_BY_PEOPLE)
def test_work_that_mentions_titles_and_chats_is_work(text):
    assert task_of(text).text == text


@pytest.mark.parametrize("prompt", SIDE_PROMPTS)
def test_a_system_prompt_can_make_a_call(prompt):
    assert is_side_prompt(prompt)
    messages = [{"role": "system", "content": prompt}, {"role": "user", "content": WORK}]
    assert "side call" in task_of(messages).note


@pytest.mark.parametrize("prompt", PROMPTS_OF_ASSISTANTS)
def test_the_system_prompt_of_an_assistant_does_not(prompt):
    assert not is_side_prompt(prompt)


def test_what_is_asked_for_in_the_same_breath_counts():
    assert is_side_call("Summarize our conversation so far.")
    assert not is_side_call("Summarize our conversation so far. Then implement the parser.")


def test_of_long_texts_the_head_and_the_tail_are_read():
    call = "Write a title for this conversation"
    assert is_side_call(f"{WORK}\n" * 2_000 + call)
    assert is_side_call(f"{call}\n" + f"{WORK}\n" * 2_000)
    assert not is_side_call(f"{WORK}\n" * 500 + call + f"\n{WORK}" * 500)


@pytest.mark.parametrize("phrase", lexicon.WHOLE)
def test_every_phrase_is_hinted_at(phrase: str):
    hint = re.compile("|".join(lexicon.IN_WHOLE), re.IGNORECASE)

    @settings(max_examples=3, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(re.compile(phrase, re.IGNORECASE), fullmatch=True))
    def check(text: str):
        assert hint.search(text)

    check()
