"""What front ends ask on their own behalf, in twelve languages: re2 patterns on any case."""

from typing import Final

MAKERS: Final = (
    r"(?:(?:^|[.!?:;,\n]|[*\"'(>#\[-]|\b(?:please|to|and|then|must|should|shall|will|would|could|can|you|just|now|only|briefly|also|always"
    r"|(?:assistant|agent|bot|model|expert|system|tool) (?:that|who|which)|developers?|users?|people|programmers?)\b)[ *_\"'-]*"
    r"(?:generat(?:e|es|ing)|writ(?:e|es|ing)|creat(?:e|es|ing)|provid(?:e|es)|suggest|giv(?:e|es)|produc(?:e|es)|com(?:e|es) up with|(?:reply|respond|answer)s? (?:only |just )?with|returns?|outputs?|craft|make|propose|compose"
    r"|draft|choose|pick|guess|anticipate|offer|select|find|formulate|name|label|determine|assign|invent|think (?:up|of)|predict|recommend|list|distill|infer|extract|set|add|summari[sz](?:e|es|ing)|condense|compress|compact|title|tag|categori[sz]e|reduce|boil)"
    r"|(?:expert|specialist|speciali[sz](?:e|es|ed|ing)) (?:in|at|on))"
)
"""English verbs where they command, and phrases of system prompts, before what is to be made."""

MADE: Final = {
    "title": r"(?:titles?|headings?|headlines?|name|labels?|subject lines?|topics?|captions?|slugs?|file ?name|emojis?|icons?|tags?|keywords?|category|descriptions?)",
    "meta": r"(?:branch(?:'s)? (?:names?|titles?|slugs?)|names? (?:for|of) (?:a |the |this |my )?(?:new |git |feature )*branch|commit(?:s| messages?| titles?| subjects?| summar(?:y|ies)| descriptions?)"
    r"|(?:pull|merge)[- ]request (?:titles?|descriptions?|summar(?:y|ies))|(?:pr|mr) (?:titles?|descriptions?|summar(?:y|ies))|(?:progress|status|loading|waiting|spinner) (?:messages?|lines?|texts?|updates?|words?|verbs?|labels?))",
    "next": r"(?:follow[- ]?ups?|(?:next|suggested|related|likely|possible) (?:user )?(?:questions?|prompts?|messages?|repl(?:y|ies)|inputs?)|quick repl(?:y|ies)|(?:reply|prompt) suggestions?|(?:questions?|prompts?|messages?|things|replies|ways) (?:that |which )?(?:(?:the|a|this|that|our|your|my) )?(?:user|human|person)|what (?:(?:the|a|this|that|our|your|my) )?(?:user|human|person) (?:might|may|will|would|could|is (?:most |very )?likely to))",
    "query": r"(?:(?:search|web|google|retrieval|internet)(?:[- ]engine)?[- ](?:quer(?:y|ies)|terms?|phrases?|keywords?|strings?)|stand-?alone (?:question|query))",
    "summary": r"(?:summar(?:y|ies)|recap|digest|hand-?(?:off|over)|synopsis|overview|notes)",
}
"""What is made, in English, by kind."""

CHAT: Final = (
    r"\b(?:conversations?|chats?|dialog(?:ue)?s?|transcripts?|(?:chat|message|conversation|session) (?:history|log|thread|turns?))\b",
    r"\b(?:this|our|my|current|whole|entire|previous|prior|coding|agent|chat|user) (?:coding |agent |chat |user |whole |entire |work |current )*(?:session|discussion|exchange|role-?play)\b",
    r"\b(?:the|a|each) (?:coding |agent |chat |user |work |whole |current )*session\b|\b(?:discussion|exchange|thread) (?:above|so far|below)\b|\b(?:story|events|everything|work|done) so far\b",
    r"gespräch|unterhaltung|konversation|\bchat|\bdialog|\bsitzung|nachrichtenverlauf|\bnachrichten?\b",
    r"\b(?:cette|notre|la) (?:conversation|discussion)\b|\b(?:cet|notre) échange|\bmessages? (?:ci-dessus|suivants?|précédents?)",
    r"conversaci[oó]n|\bcharla|\bdi[aá]logo|\bsesi[oó]n\b|\bmensajes\b|\bconversa\b|bate-papo|\bsess[aã]o\b|\bmensagens\b|conversazione|\bsessione\b|\bmessaggi\b",
    r"对话|對話|会话|會話|聊天|谈话|談話|以上内容|会話|チャット|対話|やり取り|やりとり|セッション|대화|채팅|세션",
    r"разговор|бесед|диалог|(?:^|[^а-яё])чат(?:[аеуы]|ом|ов|ам|ах)?(?:[^а-яё]|$)|переписк|сесси|сообщени|محادثة|دردشة|الحوار|الجلسة|الرسائل|बातचीत|चैट|वार्तालाप|संवाद|सत्र|संदेशों",
)
"""The conversation that it is made of."""

REQUEST: Final = (
    r"\b(?:this|user'?s?|following|given|above|chat|chatbot|coding|programming|first|initial|opening|last|latest|recent|previous|these) (?:user'?s? |following |few |\d+ |two |three |chat |chatbot |coding |given |initial |first |last |latest |above )*"
    r"(?:requests?|prompts?|quer(?:y|ies)|questions?|inputs?|messages?|tasks?|instructions?|thread)\b",
    r"\b(?:requests?|prompts?|quer(?:y|ies)|questions?|inputs?|messages?|text) (?:above|below|so far|exchanged)\b|\b(?:the|email|message|chat) thread\b",
    r"\b(?:anfrage|aufforderung|eingabe|frage|aufgabe)\b|\b(?:requête|demande|invite)\b|\b(?:solicitud|petici[oó]n|consulta|solicita[cç][aã]o|pedido|richiesta)\b",
    r"\b(?:user|human|person) (?:could|might|may|can|would|will|is (?:most |very )?likely to) (?:[a-z]+ ){0,3}?(?:(?:send|ask|type|say|write|want) (?:[a-z]+ ){0,2}?next|(?:next|now) (?:[a-z]+ ){0,2}?(?:send|ask|type|say|write))\b",
    r"请求|請求|提问|提問|用户(?:的)?(?:问题|输入|消息)|リクエスト|依頼|質問|요청|질문|запрос|الطلب|السؤال|अनुरोध|प्रश्न|सवाल",
)
"""The request that it is made of."""

LIMIT: Final = (
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|few)(?: ?(?:-|–|to|or) ?(?:\d+|two|three|four|five|six|seven|eight|ten))?[- ](?:words?|characters?|chars?|tokens?)\b",
    r"\d+ ?(?:w[oö]rter|zeichen|mots|caract[eèé]res|palabras|palavras|parole|caratteri|字|个字|個字|文字|자|단어|слов|символ|كلمات|كلمة|حرف|शब्द|अक्षर)",
    r"\b(?:fünf|vier|sechs|zehn) wörter|\b(?:cinq|quatre|dix) mots|\b(?:cinco|cuatro|diez|quatro|dez|cinque|quattro|dieci) (?:palabras|palavras|parole)",
)
"""How long it may be, in words or characters."""

ONLY: Final = (
    r"\bonly\b|nothing else|nothing but|\bjust the\b|\bno (?:quotes|quotation|punctuation|preamble|explanation|markdown|commentary|other text)|without (?:quotes|quotation|punctuation|explanation)",
    r"\bnur\b|\bohne\b|\bsans\b|\buniquement\b|seulement|\bsolo\b|\bs[oó]lo\b|\bsin\b|\bapenas\b|\bsem\b|\bsomente\b|soltanto|\bsenza\b|只|不要|のみ|だけ|만 |только|без|فقط|केवल|सिर्फ",
)
"""That it is all of the answer."""

OTHERS_MAKERS: Final = (
    r"génér|génèr|écri|énumèr|\b(?:erstell|schreib|generier|formulier|gib|gebe|nenn|erzeug|schlag|verfass|antworte|wähl|finde|benenn|fass|rédig|cré|donne|propos|sugg|fourni|répond|résum|trouv|choisi|fais|nomme"
    r"|gener|escrib|crea|redact|dame|propon|sugi|sugier|responde|resum|proporcion|elige|haz|pon|ger[ae]|escrev|cri[ae]|d[êe]\b|forneç|escolha|faça|scriv|dammi|dale|ponle|sugger|rispond|riassum|forni|scegli|trova)",
    r"生成|写|寫|给|給|为|為|总结|總結|概括|起|取|输出|輸出|拟|创建|提供|建议|推荐|命名|归纳|预测|提取|作成|書い|作っ|付け|つけ|考え|提案|出力|要約|まとめ|返し|挙げ|答え",
    r"생성|작성|만들|지어|짓|제안|출력|요약|써 ?[줘주]|붙여|정해|추천|답",
    r"сгенерир|созда[йт]|напиш|придум|предлож|(?:^|[^а-яё])дай|дайте|сформулир|состав|ответь|верни|выбер|резюмир|обобщ|назов|подбер|суммир",
    r"اكتب|أنشئ|انشئ|ولد|ولّد|اقترح|قدم|لخص|لخّص|أعط|اعط|صغ|اختر|ضع|أجب|बनाए|बनाओ|बनाइ|लिख|रख|दें|दो|दीजिए|सुझा|तैयार|उत्पन्न|जनरेट|चुन|करें|करो",
)
"""Verbs of the other languages: stems, since these inflect."""

OTHERS_MADE: Final = {
    "title": (
        r"\btitel|überschrift|bezeichnung|\bnamen\b|\bname für\b|\bbetreff|schlagw[oö]rt|\btitre|\bintitulé|\bnom\b|mots-clés|étiquettes|\bt[ií]tulo|\bnombre|etiquetas|palabras clave|encabezado|\bnome\b|palavras-chave|cabeçalho|\btitolo|etichett|parole chiave|intestazione|\bemojis?\b|émojis?",
        r"标题|標題|题目|題目|名称|名稱|名字|命名|标签|標籤|关键词|關鍵詞|表情|タイトル|題名|件名|名前|見出し|タグ|キーワード|絵文字|제목|이름|태그|키워드|이모지|타이틀",
        r"заголов|назван|теги|ключевые слова|эмодзи|имя|عنوان|اسم|وسوم|كلمات مفتاحية|الكلمات المفتاحية|رمز تعبيري|إيموجي|शीर्षक|नाम|टैग|इमोजी|कीवर्ड",
    ),
    "meta": (
        r"branch-?namen?|commit-?(?:nachricht|meldung|message|text)|zweignamen|statusmeldung|fortschritts(?:meldung|nachricht)|noms? (?:de|pour) (?:la |une |ma )?branche|messages? de (?:commit|validation|progression|statut)",
        r"nombres? (?:de|para) (?:la |una )?rama|mensajes? de (?:commit|confirmaci[oó]n|progreso|estado)|nomes? (?:d[eoa]|para (?:o |a |um |uma )?) ?(?:branch|ramo)|mensage(?:m|ns) de (?:commit|progresso|status)|nomi? (?:del|di|per il|per un) (?:branch|ramo)|messaggi[o]? di (?:commit|avanzamento|stato)",
        r"分支名|分支名称|提交(?:信息|说明|訊息|消息)|进度(?:消息|信息|提示)|commit ?(?:信息|消息|message|メッセージ|메시지)|ブランチ名|コミットメッセージ|進捗メッセージ|브랜치 ?(?:이름|명)|커밋 ?메시지|진행 ?(?:상황 ?)?메시지",
        r"(?:имя|название) (?:для )?(?:git-|новой )?ветки|сообщени\S* (?:для |к |о )?коммит|ветк\S* git|اسم\S* (?:ال)?(?:فرع|لفرع)|اسما للفرع|رسالة (?:ال)?(?:commit|إيداع|التزام|كوميت)|ब्रांच (?:का |के लिए )?(?:एक )?नाम|कमिट (?:मैसेज|संदेश)",
    ),
    "next": (
        r"folgefragen|anschlussfragen|weiterführende fragen|questions? de (?:suivi|relance)|prochaines? questions?|preguntas? de seguimiento|(?:siguientes|pr[oó]ximas) preguntas|perguntas? de (?:acompanhamento|seguimento)|pr[oó]ximas perguntas|domand[ae] di (?:follow-?up|approfondimento)|prossime domande",
        r"后续问题|後續問題|追问|追問|接下来|可能会问|可能会?想问|相关问题|推荐问题|フォローアップ|次の質問|追加の?質問|関連(?:する)?質問|후속 ?질문|다음 질문|추천 질문|관련 질문",
        r"(?:уточняющ|дополнительн|последующ|следующ)\S* вопрос|أسئلة (?:متابعة|المتابعة|تالية)|الأسئلة التالية|अनुवर्ती (?:प्रश्न|सवाल)|अगले (?:प्रश्न|सवाल)|फॉलो-?अप",
    ),
    "query": (
        r"suchanfrag|suchbegriff|requêtes? de recherche|(?:consultas?|t[eé]rminos) de b[uú]squeda|(?:consultas?|termos) de (?:pesquisa|busca)|(?:query|termini) di ricerca",
        r"搜索(?:查询|关键词|词|语句)|检索词|搜尋關鍵|検索(?:クエリ|キーワード|語)|검색 ?(?:어|쿼리)|поисков\S* запрос|استعلام\S* (?:ال)?بحث|عبارات البحث|खोज (?:क्वेरी|शब्द)|सर्च क्वेरी",
    ),
    "summary": (
        r"zusammenfass|\bfass\S*\b.{0,80}\bzusammen|\brésum|\bresum|riassu|riepilog|sintesi",
        r"总结|總結|摘要|概括|要約|まとめ|요약|резюм|кратк\S* (?:содержани|излож|пересказ)|пересказ|итог|обобщ|суммир|لخص|لخّص|تلخيص|ملخص|सारांश|संक्षेप",
    ),
}
"""What is made, in the other languages."""

RESUMED: Final = (
    r"\b(?:another|next|new|other|different) (?:llm|ai|model|agent|assistant|instance|session|context)\b",
    r"context (?:window|checkpoint|compaction)|\bcompaction\b|hand-?off|(?:resume|continue|pick up) (?:the |this |our |my )?(?:task|work|conversation|session)|without losing context",
)
"""That a summary is for whoever goes on with the conversation."""

WORK: Final = (
    r"\b(?:functions?|scripts?|programs?|class(?:es)?|methods?|components?|apps?|applications?|tools?|parsers?|linters?|validators?|endpoints?|apis?|schemas?|tables?|databases?|algorithms?|pipelines?|plugins?|extensions?|regex(?:es)?|regular expression|sql|tests?"
    r"|essays?|articles?|papers?|poems?|books?|novels?|blogs?|songs?|speech|movies?|films?|videos?|lectures?|emails?|thesis|products?|compan(?:y|ies)|startups?|hooks?|generators?|servers?|services?|features?|systems?|templates?|guidelines?|conventions?|prompts? that|bots?"
    r"|how|why|explain|compare|design|implement|refactor|debug|bugs?|prove|derive|evaluate|analy[sz]e how|architectures?|trade-?offs?|strateg(?:y|ies)|rules?|policy|checks?|checker|readme|essay|documentation|unit|reports?|screenplays?|scenes?|sketch(?:es)?)\b|\bstor(?:y|ies) (?:about|of|in|with|where|for|on)\b|\banaly[sz]e the (?:conversation|dialogue|discussion|exchange) between\b"
    r"|\b(?:code|docs|tests|reviews?)(?:,| and|, and) |\bmessages?,? and (?:docs|tests|code|review)",
    r"funktion|skript|\bprogramm(?:e|s|en|es)?\b|klasse|komponente|anwendung|\bapp\b|warum|wieso|erklär|vergleich|entwirf|implementier|aufsatz|artikel|roman|\bbuch|fonction|composant|pourquoi|expliqu|\bcompar|conçoi|\bessai|\broman\b|\blivre"
    r"|funci[oó]n|programa|componente|aplicaci[oó]n|por ?qu[eé]\b|\bexplic|diseñ|ensayo|art[ií]culo|novela|\blibro|fun[cç][aã]o|aplicativo|projet[ae]|\bensaio|\bartigo|romance|funzion|applicazion|perch[eé]|\bspieg|confront|progett|\bsaggio|\barticolo",
    r"函数|函數|脚本|腳本|程序|程式|组件|接口|算法|代码|正则|系统|应用|为什么|解释|比较|设计|实现|论文|文章|小说|関数|スクリプト|プログラム|コンポーネント|クラス|アプリ|アルゴリズム|なぜ|説明|比較|設計|実装|小説|記事|論文"
    r"|함수|스크립트|프로그램|컴포넌트|클래스|알고리즘|왜 |설명|비교|설계|구현|소설|기사|논문|функци|скрипт|программ|класс|компонент|приложени|алгоритм|почему|объясн|сравн|спроектир|реализ|роман|стать|эссе",
    r"دالة|سكربت|برنامج|تطبيق|مكون|خوارزمية|لماذا|اشرح|قارن|صمم|رواية|مقال|फ़ंक्शन|फंक्शन|स्क्रिप्ट|प्रोग्राम|ऐप|एल्गोरिद्म|क्यों|समझा|तुलना|डिज़ाइन|डिजाइन|उपन्यास|निबंध|लेख ",
)
"""Signs that the sentence asks for work, and the title, the message or the chat is part of it."""

MORE_WORK: Final = (
    r"\b(?:then|also|next|finally|afterwards|and)[, ]+(?:please )?(?:design|implement|prove|derive|refactor|debug|optimi[sz]e|build|write (?:a |the )?(?:function|script|program|code|essay|plan)|develop|plan|propose a|recommend|evaluate|compare|tell me|explain|decide)\b",
)
"""Signs that something else is asked for in the same breath."""

WHOLE: Final = (
    r"\b\d(?: ?- ?| to )\d{1,2}[- ]words? (?:title|summary|name)",
    r"(?:you are|you're|as) (?:a|an) (?:[a-z]+ )?(?:title|tag|topic|commit message|follow-up|branch name|search query|(?:chat|conversation|session) (?:title|name|summary))[- ](?:generator|writer|creator)",
    r"(?:you are|you're) (?:a|an) (?:chat|conversation|dialogue|session)[- ](?:summari[sz]er|namer)\b",
    r"(?:^|[\n.!?:] ?|please )(?:re)?(?:name|title|label|caption) (?:this|the|our) (?:[a-z]+ )?(?:conversation|chat|session|thread|discussion)\b",
    r"what (?:would be|is) (?:a|the) (?:[a-z]+ ){0,2}(?:title|name) for (?:this|the|our) (?:conversation|chat|session|thread|discussion)\b",
    r"\bwords?\b[^.\n]{0,20}what (?:is )?(?:this|the|our) (?:conversation|chat|session)(?: is)? about\b|what (?:is )?(?:this|the|our) (?:conversation|chat|session)(?: is)? about\b[^\n]{0,40}\bwords?\b",
    r"\bdescribe (?:this|the|our) (?:conversation|chat|session|thread|discussion) (?:in|with|as|by) (?:one|a|an|\d+|two|three|four|five|a single) (?:emojis?|words?)\b",
    r"\b(?:does|is|should|do|can) (?:this|the|that) (?:[a-z']+ ){0,3}(?:message|query|prompt|question|request)\b[^\n]{0,100}\b(?:answer|reply|respond|return|output)\b[^\n]{0,30}\b(?:yes\b[^\n]{0,10}\bno\b|true or false)",
    r"\b(?:detect|identify|classify|determine) (?:[a-z']+ ){0,6}(?:language|topic|intent)\b[^\n]{0,60}\b(?:message|query|prompt|request|conversation)\b[^\n]{0,40}\b(?:only|one word|json)\b",
    r"\b(?:detect|identify|classify|determine) (?:[a-z']+ ){0,3}(?:message|query|prompt|request|conversation)(?:'s)? (?:language|topic|intent)\b[^\n]{0,40}\b(?:only|one word|json)\b",
    r"\b(?:benenne|betitle) (?:diese[ns]?|das|den) (?:chat|gespräch|unterhaltung)|\b(?:nomme|intitule) (?:cette|ce) (?:conversation|chat|discussion)|\b(?:nombra|titula) (?:este|esta) (?:chat|conversaci)",
    r"\b(?:nomeie|intitule) est[ea] (?:conversa|chat)|\b(?:intitola|nomina) quest[ao] (?:conversazione|chat)|назови (?:этот|эту|данный) (?:чат|разговор|бесед|диалог)",
    r"isnewtopic|new conversation topic",
    r"broad tags categori[sz]ing",
    r"relevant follow-?up (?:questions|prompts)",
    r"suggest[^.\n]{0,40}follow-?up (?:questions|prompts)[^.\n]{0,60}(?:user|conversation|chat)",
    r"### task:\s*(?:you are an autocompletion system|generate a (?:concise|detailed|suitable)|analyze the chat history|suggest )",
    r"you are an autocompletion system",
    r"generate search quer(?:y|ies)[^\n]{0,80}(?:chat|conversation) history",
    r"necessity of generating search queries",
    r"(?:^|[\n.!?:] ?|please |(?:task|job) is to )(?:reflect|express|represent|convey|describe|depict|summari[sz]e)\b[^.\n]{0,80}\b(?:through|with|using|by|as|in) (?:an?|one|the)(?: [a-z]+){0,2} emoji\b",
    r"emoji that (?:best )?(?:represents|reflects|summarizes)[^\n]{0,60}(?:conversation|message|chat)",
    r"summari[sz]e (?:this|the|our) (?:coding )?(?:conversation|discussion|chat|session)\b[^\n]{0,80}(?:characters|words or (?:less|fewer)|title|future context|new lines|one sentence|briefly)",
    r"summari[sz]e (?:the )?(?:discussion|conversation) briefly",
    r"(?:progressively )?summari[sz]e the lines of conversation",
    r"summari[sz]e the conversation by integrating",
    r"your task is to create a detailed summary of (?:the|this) conversation",
    r"(?:one-line|concise)[^.\n]{0,30}(?:git )?commit message[^.\n]{0,40}(?:diff|changes)",
    r"(?:complete|completing|completion of) the (?:code|text) at the cursor",
    r"title in \d+ words or less",
    r"(?:without|no) (?:any )?lead-in, punctuation",
    r"(?:rephrase|rewrite|reformulate|convert|turn)[^.\n]{0,120}\b(?:into|to|as|be)\b[^.\n]{0,30}(?:stand-?alone|self-contained|search) (?:questions?|quer(?:y|ies)|phrases?)",
    r"\b(?:you|(?:task|job) is to) (?:name|title|label) (?:chats|conversations|sessions)",
    r"\byou (?:only )?(?:generate|write|create|suggest|produce) (?:[a-z]+ ){0,2}(?:follow-?up questions|search queries|(?:chat|conversation|session) (?:titles|names)|commit messages|branch names)\b",
    r"\b(?:predict|guess|anticipate) what (?:(?:the|a|this|our|your) )?(?:user|human|person) (?:might|may|will|would|could|is likely to|is going to) (?:[a-z]+ ){0,2}?(?:type|say|ask|send|write) next\b",
    r"\b(?:predict|guess|anticipate) (?:the |this )?(?:user's )?next (?:[a-z]+ )?(?:message|question|prompt|reply|request|input) (?:of|from|by) (?:the|this|our|your) (?:user|human|person)\b",
    r"(?:decide|determine|analy[sz]e|check|classify|judge|detect|assess) (?:if|whether)[^.\n]{0,80}\b(?:message|conversation|chat|query|prompt|user)\b[^\n]{0,200}\b(?:yes\b[^\n]{0,20}\bno\b|true or false|json|boolean)",
    r"(?:extract|identify)[^.\n]{0,40}\b(?:facts|memories|preferences)\b[^.\n]{0,60}\b(?:user|conversation|chat)\b",
)
"""Phrases that are enough by themselves."""

IN_WHOLE: Final = (
    r"words? (?:title|summary|name)|generator|writer|creator|summari[sz]er|namer|(?:name|title|label|caption) (?:this|the|our|for|chats|conversations|sessions)\b",
    r"what (?:is )?(?:this|the|our) (?:conversation|chat|session)|describe (?:this|the|our)|\byes\b|true or false|detect|identify|classify|determine",
    r"benenne|betitle|nomme|intitule|nombra|titula|nomeie|intitola|nomina|назови|isnewtopic|conversation topic|broad tags|follow-?up|### task|autocompletion|search quer",
    r"emoji|summari[sz]e (?:this|the|our|discussion|conversation)|detailed summary|commit message|at the cursor|title in|lead-in|stand-?alone|self-contained|search (?:question|phrase)",
    r"(?:session|chat|conversation) (?:titles|names)|branch names|predict|guess|anticipate|(?:decide|analy[sz]e|check|judge|assess) (?:if|whether)|extract",
)
"""What stands in every text in which one of those phrases does: short, so that it is soon looked for."""
