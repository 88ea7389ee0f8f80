"""What gives a foreign text away: orders to the reader, the price of a market, the result of a market."""

import re

HUNDREDTHS = (
    r"(?:\d{1,3}(?:\.\d+)?|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
PRICE = (
    rf"(?:{HUNDREDTHS}\s?(?:%|percent\b|per cent\b|¢|cents?\b|c\b)|\$\s?0?\.\d+|\b0\.\d{{1,4}}\b|"
    rf"\b\d{{1,3}}/\d{{1,3}}\b"
    r"|[+-]\d{3,4}\b|\b\d+(?:-to-| to |-in-| in )\d+\b"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine)(?:-to-| to |-in-| in )(?:one|two|three|four|five|six"
    r"|ten)\b)"
)
_VENUE = (
    r"(?:polymarket|kalshi|on manifold|manifold markets?|metaculus|predictit|betfair|smarkets|prediction[- ]markets?"
    r"|event contracts?"
    r"|betting[- ](?:markets?|odds|exchanges?|sites?|apps?)|bookmakers?|bookies|oddsmakers?|sportsbooks?"
    r"|draftkings|fanduel"
    r"|betmgm|bet365|wettborsen?|wettmarkt\w*|buchmacher\w*|casas de apuestas|mercados de prediccion"
    r"|marches de prediction)"
)
CROWD = r"(?:traders|bettors|punters|gamblers|investors|futures|swaps?|markets?)"
CHANCE = r"(?:chances?|odds|probabilit\w+|likelihood|implied)"
_SIDE = r"[\"'“”(]*(?:yes|no)[\"'“”)]*"
_NOT_OURS = (
    r"(?<!stock )(?<!bond )(?<!housing )(?<!job )(?<!jobs )(?<!labor )(?<!labour )(?<!oil )(?<!gas )(?<!crypto )"
    r"(?<!financial )(?<!currency )(?<!property )(?<!energy )(?<!equity )(?<!estate )(?<!money )(?<!gold )(?<!credit )"
    r"(?<!commodity )(?<!futures )(?<!global )(?<!transfer )(?<!bull )(?<!bear )(?<!forex )"
)
_HAS = r"(?:(?:has|have|had|was|were|is|been|now|already|officially|just|finally)\s+)"
_END = r"(?=[\s.,;:!?)\]\"'”]|$)"
_ORDERS = r"(?:instructions?|prompts?|directives?|system messages?|commands? above|context)"
_MACHINE = (
    r"(?:ai|a\.i\.|llms?|(?:large )?language models?|chatbots?|ai (?:models?|assistants?|agents?|systems?|readers?))"
)


def any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


# On text in Latin letters without accents and in one case (`folded`).
INSTRUCTIONS = any_of(
    rf"\b(?:ignore|disregard|forget|override|bypass|skip|discard)\W+(?:\w+\W+){{0,5}}{_ORDERS}\b",
    r"\b(?:ignore|disregard|forget|override|bypass)\W+(?:\w+\W+){0,2}your\W+(?:\w+\W+){0,3}(?:rules|guidelines"
    r"|training|limits)\b",
    r"\b(?:ignore|disregard|forget)\W+(?:everything|anything|all|what)\W+(?:\w+\W+){0,3}(?:above|before|so far"
    r"|earlier|told)\b",
    r"\bdo not (?:follow|obey|trust)\W+(?:\w+\W+){0,3}(?:instructions?|prompts?|system|rules above)\b",
    r"\bsystem[ _-]?(?:prompt|message|override|instruction|note)s?\b",
    r"\bdeveloper (?:message|instruction)s?\b",
    r"<\|?(?:im_start|im_end|system|endoftext)|\[/?inst\]|<<sys>>|\|im_(?:start|end)\||<\|",
    r"(?:^|\n)\W*(?:system|assistant|developer|instructions?)\s*:\s*(?:you|ignore|please|the user|override|new"
    r"|bet|output|respond|answer|set|always)\b",
    r"#{2,}\s*(?:system|instructions?|assistant|new task|end of)\b",
    r"(?:^|\n)\W*(?:end|begin)(?:ning)? (?:of )?(?:the )?(?:data|untrusted|system|prompt|context|instructions?"
    r"|fence)\b",
    r"\byou are (?:now|no longer|actually) (?:an? |the )?(?:\w+ ){0,3}(?:assistant|ai|chatbot|language model"
    r"|agent|forecaster|oracle|dan)\b",
    r"\b(?:act|behave|respond|answer) as (?:if you were )?(?:an? |the )?(?:\w+ ){0,2}(?:assistant|ai|chatbot"
    r"|language model|forecaster|oracle)\b",
    r"\b(?:if|when|since|because|as) (?:you are|you're|you) (?:reading this )?(?:an? |the )?(?:\w+ )?(?:ai|llm"
    r"|language model|chatbot|assistant|bot|agent|forecasting model)\b",
    r"\b(?:attention|note|notice|message|instructions?|important|memo|warning)\s*(?:to|for|:)?\s*(?:all |any )?"
    rf"(?:{_MACHINE}|forecasters?|assistants?|agents?|models?)\s*[:,!\n—-]",
    r"\bset (?:the |your |a )?(?:final )?(?:probability|confidence|position|p_yes)(?: score)?\s*(?:to|at|=|:|as)\s",
    r"\b(?:output|print|respond with|answer with|reply with|return only|always (?:answer|say|respond|output"
    r"|predict))\W+(?:\w+\W+){0,6}(?:probability|confidence|position|p_yes|prob_yes|yes|no)\b",
    r"[\"']?(?:position|final_position|p_yes|probability_yes|max_price|confidence_score)[\"']?\s*[:=]\s*[\"']?"
    r"(?:yes|no|abstain|[01]?\.\d|1\b|0\b)",
    r"\b(?:bet|stake|wager|risk|invest)\W+(?:everything|all of your|all your|your (?:entire|whole|full|complete)"
    r"|the (?:maximum|entire|whole|full)|maximum)\b",
    r"\byou (?:must|should|have to|are required to|need to|will|shall)(?: now| always| only| therefore)? (?:bet"
    r"|answer|respond|output|forecast|abstain|comply|obey|set (?:your|the))\b",
    r"\byour (?:new |final |only )?(?:probability|confidence|position|forecast|prediction|answer|task"
    r"|instructions?|role|stake) (?:must|should|shall|has to|is now|is to|will be|are now|are to)\b",
    r"\byour (?:position|betting|stake|risk|bet) (?:limits?|caps?|rules?|sizes?) (?:\w+ ){0,3}(?:lifted|raised"
    r"|removed|disabled|suspended|apply|unlimited)\b",
    r"\b(?:reveal|print|show|repeat|leak|send|exfiltrate|output|tell me)\W+(?:\w+\W+){0,3}(?:system prompt"
    r"|hidden prompt|your prompt|your instructions|api keys?|secrets?|passwords?|credentials)\b",
    r"\bdo not (?:tell|mention|reveal|disclose|report)\W+(?:\w+\W+){0,4}(?:user|operator|instructions?|prompt"
    r"|this message|this text)\b",
    r"\b(?:enable|enter|activate|switch to) (?:developer|dan|god|jailbreak|debug|admin|unrestricted) mode\b",
    r"\b(?:new|updated|revised|additional|real|secret) (?:instructions?|task|orders|system prompt|rules for "
    r"(?:you|the model))\s*:",
    r"\b(?:call|invoke|use|run) the (?:\w+ )?(?:tool|function|shell|browser)\b.{0,40}\b(?:with|to)\b",
    r"!\[[^\]]*\]\(https?://[^)]*[?&=]",
    r"\b(?:correct|right|true|only|final|expected|required|desired) (?:answer|position|forecast|probability"
    r"|choice|response)\b(?: \w+){0,3} (?:is|must be|should be|will be)\W*(?:yes|no|abstain|1|100|0)\b(?! \w)",
    r"\b(?:must|should|shall|has to|have to|had better|required to|needs? to|kindly|please|always|only"
    r"|immediately|instead|just|now)\W+(?:\w+\W+){0,4}(?:bet|wager|stake|answer|respond|reply|say|output|choose"
    r"|pick|conclude|state|assign|predict|forecast|return|write)\W+(?:[\w.%$]+\W+){0,6}(?:yes|no)(?:[\"'”)]|\s*"
    r"(?:[.,;!\n]|$)| with | and | immediately)",
    r"(?:^|[.!?:\n]\s*)(?:bet|wager|answer|respond|reply|output|choose|pick|conclude|assign|predict|forecast"
    r"|buy)\W+(?:[\w.%$]+\W+){0,4}(?:yes|no|abstain)(?:[\"'”)]|\s*(?:[.!\n]|$)| with | and | immediately)",
    rf"\b{_MACHINE}\b.{{0,40}}\b(?:should|must|has to|have to|shall|needs? to|(?:is|are) (?:asked|required"
    r"|instructed|told|ordered|to))\W+(?:\w+\W+)?(?:conclude|output|bet|wager|assign|choose|abstain|set|ignore"
    r"|trust|rate|answer (?!to |for |questions)|say (?:yes|no))",
    rf"\b{_MACHINE}\b.{{0,40}}\b(?:read|reads|reading|process\w*|pars\w*|summari[sz]\w*|see|sees|seeing)"
    rf"\b.{{0,10}}\bthis\b",
    r"\b(?:forecasters?|forecasting models?|prediction models?|betting models?|competitors|contestants)\b.{0,20}"
    r"\b(?:must|should|shall|are to|have to|has to) (?:abstain|bet|answer|set|output|assign|choose|ignore)\b",
    r"(?:^|[.!?\n]\s*)(?:hey|hi|hello|dear|ok|okay|attention)\W+(?:claude|gpt\S*|chatgpt|gemini|grok|llama"
    r"|mistral|deepseek|qwen|copilot|assistant|ai|model|llm|(?:\w+ )?(?:language|forecasting|prediction) model"
    r"|forecaster|agent|bot)\b",
    r"(?:^|[.!?\n]\s*)\W*(?:assistant|ai|chatbot|forecaster|claude|gpt\S*|gemini|grok)\s*:\s",
    r"\boverride\W+(?:\w+\W+){0,3}(?:previous|prior|above|earlier|preceding|existing|safety|stake|your)\b|"
    r"\boverride\s*[:!]",
    r"\b(?:ignore|disregard|forget|discard)\W+(?:\w+\W+){0,3}(?:previous|prior|above|earlier|preceding"
    r"|foregoing)\W+(?:\w+\W+){0,2}(?:text|rules?|content|messages?|words|inputs?|orders|sources)\b",
    r"\b(?:ignore|disregard|forget|discard)\W+(?:\w+\W+){0,2}(?:rules|text|content|words|lines|guidelines|limits"
    r"|sources)\W+(?:above|before|so far|given)\b",
    r"(?:^|[.!?:;\n]\s*|please )(?:ignore|disregard|bypass)\W+(?:the|these|those|all|any)\W+(?:\w+\W+){0,2}"
    r"(?:rules|sources|limits)\b",
    r"\b(?:admin|root|operator|developer|security|system)\s+(?:override|directive|command|access granted"
    r"|announcement|update)\b\s*[:!.]",
    r"\b(?:place|make|put|enter|submit)\W+(?:[\w$,.]+\W+){0,5}(?:bet|wager|stake|order|money|position)s?\W+"
    r"(?:[\w$,.]+\W+){0,4}on (?:yes|no)\b",
    r"\b(?:bet|stake|wager)\W+(?:it all|100 ?%|the maximum|\d+ ?% of (?:your|the|its) (?:bankroll|balance|cash"
    r"|capital))",
    r"\bunlimited (?:stakes?|bets?|wagers?|positions?|bankroll)\b|\b(?:full|entire|whole|complete) (?:bankroll"
    r"|balance)\b",
    r"\b(?:change|raise|increase|remove|lift|exceed|double|max out|maximi[sz]e) your (?:\w+ ){0,2}(?:positions?"
    r"|stakes?|bets?|limits?|confidence|probability)\b",
    r"[\"'](?:probability|confidence|position|reason)[\"']\s*:",
    r"\b(?:maximum|full|total|absolute) confidence\b|\bconfidence (?:of |= ?|: ?|score (?:of )?)?(?:1\.0+|1"
    r"\b(?!\.| (?:in|of))|100 ?%|0\.9\d)",
    r"\bprobability (?:of |= ?|: ?|to |at )?0?\.9\d*\b|\bassign\W+(?:\w+\W+){0,2}\d+ ?%? to (?:yes|no)\b",
    r"\b(?:follow|obey|trust) only (?:this|these)\b|\bfollow these instructions\b|\bthis (?:page|text|message"
    r"|notice) (?:replaces|overrides|supersedes|cancels)\b",
    r"\b(?:pretend|imagine) (?:that )?you (?:are|have|were|had)\b(?: \w+){0,2} (?:no |an? (?:ai|assistant"
    r"|unrestricted|trader|model)|limits?|rules?)",
    r"\b(?:instructions?|guidance|prompts?|rules|directives)(?: \w+){0,4} (?:is|are|have been|has been) (?:now "
    r"|hereby )?(?:void|outdated|obsolete|superseded|overridden)\b",
    r"\byour (?:new |previous |original |current |initial |real )?(?:instructions|persona|prompt|context|bankroll"
    r"|guidelines|directives)\b(?!')",
    r"\byou are (?:hereby |now )?(?:instructed|ordered|commanded|directed|authori[sz]ed|required) to (?:abstain"
    r"|bet|answer|set|output|ignore|choose|pick|respond|forget)\b",
    r"\b(?:when|while|before|after|by) (?:summari[sz]ing|processing|parsing|analy[sz]ing|evaluating"
    r"|reading) this (?:page|text|document|question|market)?\b.{0,60}\b(?:state|say|bet|answer|agree|conclude"
    r"|report|output|write|set|choose|include)\b",
    r"\b(?:execute|run) (?:the )?(?:following|this) (?:command|code|script)\b|\bcurl (?:-\w+ )*https?:",
    r"\btell the (?:user|operator|audience)s? that\b|\brepeat after me\b|\bhidden (?:instruction|prompt|message"
    r"|note)s?\b",
    r"\btrust (?:only )?this page\b|\bdo not (?:read|use|consult|open|trust) (?:any )?other (?:sources?|pages?)\b",
    r"\b(?:message|note|notice|instructions?) (?:from|by) (?:anthropic|openai|deepmind|xai|mistral|deepseek"
    r"|your (?:developer|operator|creator))",
    r"\bmodels? must (?:answer|say|output|bet|abstain|choose)\b(?! (?:to|for)\b)",
    r"\b(?:bet|recommend|output|pick|choose|predict) [\"'“]?yes\b(?! (?:to|or|on|if|for|in|votes?|campaign)\b)",
    # German, French, Spanish, Portuguese, Italian, Dutch, Polish, Turkish
    r"\b(?:ignoriere?|vergiss|missachte)\w*\W+(?:\w+\W+){0,4}(?:anweisung|instruktion|befehl|vorgabe|regel)\w*",
    r"\b(?:ignore[rz]?|oublie[rz]?)\W+(?:\w+\W+){0,3}(?:instructions|consignes|directives|regles)\b",
    r"\b(?:ignor[ae]|olvid[ae]|desobedec\w+)\W+(?:\w+\W+){0,3}(?:instrucciones|indicaciones|ordenes|reglas)\b",
    r"\b(?:ignor[ae]|esquec[ae])\W+(?:\w+\W+){0,3}(?:instrucoes|orientacoes|regras)\b",
    r"\b(?:ignor[ai]|dimentica)\W+(?:\w+\W+){0,3}(?:istruzioni|indicazioni|regole)\b",
    r"\b(?:negeer|vergeet)\W+(?:\w+\W+){0,3}(?:instructies|opdrachten|regels)\b",
    r"\b(?:z?ignoruj|zapomnij)\W+(?:\w+\W+){0,3}(?:instrukcj|polecen|zasad)\w*",
    r"\bvergiss\W+(?:\w+\W+){0,4}(?:oben|vorher|bisher\w*|zuvor)\b|\b(?:antworte|setze|wette)\W+(?:\w+\W+){0,4}"
    r"(?:ja|nein)\b",
    r"\bignore[rz]\W+(?:\w+\W+){0,2}ce qui precede|\b(?:pariez|misez|repondez|reponds)\W+(?:\w+\W+){0,3}(?:oui"
    r"|non)\b",
    r"\b(?:olvid[ae]|ignor[ae])\W+(?:\w+\W+){0,2}(?:lo anterior|lo de arriba)|\b(?:apuest[ae]|respond[ae])\W+"
    r"(?:\w+\W+){0,3}si(?=\W*$|[.,!])",
    r"\b(?:onceki|yukaridaki|tum)\W+(?:\w+\W+){0,3}(?:talimat|komut|kural)\w*\W+(?:\w+\W+){0,2}(?:yok say|unut"
    r"|gormezden)",
)
# On text in its own script (`seen`).
INSTRUCTIONS_ELSEWHERE = any_of(
    r"(?:игнорируй|забудь|проигнорируй|не обращай внимания)\w*\W+(?:\w+\W+){0,4}(?:инструкци|указани|правил|команд)",
    r"(?:ігноруй|забудь)\w*\W+(?:\w+\W+){0,4}(?:інструкці|вказівк|правил)",
    r"(?:忽略|无视|無視|忘记|忘記|不要理会).{0,10}(?:指令|提示|说明|說明|指示|规则|規則)",
    r"(?:指示|命令|プロンプト|ルール).{0,6}(?:無視|忘れ)",
    r"(?:지시|명령|프롬프트|규칙).{0,8}(?:무시|잊)",
    r"(?:تجاهل|انس|اهمل).{0,20}(?:التعليمات|الأوامر|الاوامر|القواعد)",
    r"(?:निर्देश|आदेश).{0,20}(?:अनदेखा|नज़रअंदाज़|नजरअंदाज|भूल)",
    r"(?:התעלם|שכח).{0,20}(?:הוראות|ההוראות|הנחיות)",
)
PRICES = any_of(
    rf"\b{_VENUE}\b.{{0,160}}{PRICE}",
    rf"{PRICE}.{{0,160}}\b{_VENUE}\b",
    r"\b(?:market[- ])?implied (?:probabilit\w+|odds|chances?|likelihood)\b",
    rf"\bpric(?:ed|ing|es?) in\b.{{0,160}}{PRICE}",
    rf"\b{_SIDE} (?:shares?|contracts?|tokens?|price|bids?|asks?)\b.{{0,50}}{PRICE}",
    rf"\b(?:contracts?|shares?) (?:of|for|on) {_SIDE}.{{0,50}}{PRICE}",
    r"\b(?:yes|no)\s*[:@=]?\s*(?:at )?\d{1,2}(?:\.\d)?\s?(?:¢|c\b)",
    r"\b(?:buy|sell) (?:yes|no)\b.{0,20}\d",
    r"\bmoneylines?\b|\bprice of (?:yes|no)\b.{0,20}\d|\bcurrent line\b.{0,20}\d",
    rf"\b{_VENUE}\b.{{0,80}}\b(?:contract|price|shares?|yes|no|bid|ask|trading)\b.{{0,40}}\b(?:to|at|around|near"
    rf"|about|of) \d{{1,2}}\b",
    rf"\b{CROWD}\b.{{0,60}}{PRICE}.{{0,20}}\bodds\b",
    rf"\b(?:betting|current|latest|opening|closing|live) (?:odds|lines?)\b.{{0,80}}{PRICE}",
    r"\bodds\b(?! ratio).{0,60}(?:\b\d{1,3}/\d{1,3}\b|\b\d+(?:-| )to(?:-| )\d+\b|[+-]\d{3,4}\b)",
    r"\b(?:market|contract|share|yes|no|last|mid|current|closing) price\b.{0,30}?(?<![\d.])\$?0?\.\d+",
    r"\b(?:crowd|community|collective|market)(?:'s)? (?:probability|forecast|odds|chance|prediction|median)"
    rf"\b.{{0,30}}{PRICE}",
    r"\bmarket consensus (?:is|stands at|of|at|:)\s*(?:about |around )?\d+(?:\.\d+)?\s?%",
    r"\bodds (?:of|at|are|stand at|were|:)\s*(?:about )?\d{1,2}\.\d{2}\b",
    rf"\bimplied {HUNDREDTHS}\s?(?:%|percent)|\bimpl(?:y|ies|ied|ying)\b.{{0,40}}{PRICE}.{{0,20}}\b(?:chance"
    r"|probability|odds|likelihood)\b",
    r"\border ?books?\b.{0,40}\b(?:yes|no)\b.{0,20}\d",
    r"\bcontracts? (?:costs?|sells?|trades?|is trading|priced|worth|at|for)\b.{0,20}\d{1,2}\s?(?:cents?|¢|c\b)",
    r"\b(?:polymarket|kalshi|metaculus|predictit|betfair|smarkets)(?:'s)?\s*[:=-]\s*\$?\.?\d",
    r"(?:预测市场|預測市場|赔率|博彩).{0,30}\d",
)
# The same words say what a coin or a share costs, which for some questions is the very fact.
TRADED = any_of(
    r"\b(?:trad(?:es?|ed|ing)|chang(?:es?|ed|ing) hands|quoted|priced) (?:at|for|around|near)\W+(?:\w+"
    r"\W+){0,2}\d{1,2}(?:\.\d+)?\s?(?:¢|cents?\b)",
    r"\blast (?:trade|traded|print|sale|deal|fill|price|matched)\b.{0,40}(?:\d{1,2}\s?(?:¢|c\b|cents?\b)"
    r"|(?<![\d.])\$?0?\.\d\d\b)",
    r"\bbid\b.{0,12}0?\.\d\d\b.{0,25}\b(?:ask|asked|offer|offered)\b.{0,12}0?\.\d\d\b",
    r"\bmid-?point\b.{0,20}(?<![\d.])\$?0?\.\d{2,3}\b",
    r"\bbook\b.{0,25}0?\.\d\d\b.{0,8}0?\.\d\d\b",
)
TRADED_HERE = any_of(r"\b(?:yes|no|contracts?)\b")
RESULTS = any_of(
    r"(?<!\bbe )(?<!\bis )(?<!\bare )\b(?:resolved|settled|finali[sz]ed|graded)(?: (?:to|as|at|in favou?r of|on"
    r"|for))?\s*:?\s*[\"'“”(]*(?:yes|true|1\.00|\$1(?:\.00)?)\b",
    r"(?<!\bbe )(?<!\bis )(?<!\bare )\b(?:resolved|settled|finali[sz]ed|graded)(?: (?:to|as|at|in favou?r of|on"
    rf"|for))\s*:?\s*[\"'“”(]*(?:no|false|0\.00|\$0(?:\.00)?|50-50)\b{_END}(?! (?:later|more|longer|one|other"
    r"|matter|doubt|fewer|earlier|less)\b)",
    rf"(?<!\bbe )(?<!\bis )(?<!\bare )\b(?:market|contract|question)\s+{_HAS}*(?:resolved|settled"
    rf"|finali[sz]ed)\s+[\"'“”(]*(?:no|false)\b{_END}",
    rf"{_NOT_OURS}\b(?:market|event contract|prediction)s?\s+{_HAS}+(?:resolved|settled|finali[sz]ed"
    r"|paid out)\b(?! (?:down|into|after|lower|higher|near|around|back|on a|in (?:a|the)|for (?:a|now)|by the|if"
    r"|when|once|until)\b)",
    r"\bfinal (?:result|outcome|resolution|settlement)s? of (?:the|this|that|our) (?:\w+ )?(?:market|contract|bet"
    r"|prediction|question)\b",
    r"\b(?:market|contract|question|winning|final|official)\s+(?:outcome|resolution|result|status|side)\s*"
    rf"(?:[:=–-]|is|was)\s*{_SIDE}{_END}(?! (?:\w+ ){{0,2}}(?:deal|decision|winner|longer|one|yet|agreement))",
    rf"\b(?:outcome|resolution|resolved|settlement(?: value)?|result)\s*[:=]\s*{_SIDE}\s*(?=[.,;!)\]|\n]|$)",
    r"\bwinning (?:outcome|contract|shares?|tokens?)\b",
    r"\b(?:yes|no) (?:holders|shares?|contracts?|bettors|tokens?|buyers)\s+(?:(?:were|was|have been|has been"
    r"|are|is|got|received|just|now)\s+)*(?:paid|won|wins|redeem\w*|cashed|expired|worthless|collected)\b",
    r"\bpaid (?:out )?\$?(?:1(?:\.00)?|one dollar|100) (?:per|a|for each|on each) (?:yes |no |winning )?(?:share"
    r"|contract)\b",
    r"\b(?:uma|oracle|kalshi|polymarket)\b.{0,40}\b(?:resolved|settled|finali[sz]ed|determined)\b(?! (?:if|when"
    r"|once|by))",
    r"\b(?:settlement|outcome|result|resolution)s?(?: is| was)?(?: confirmed| final| determined"
    r"| official)?\s*[:=]\s*[\"'“”(]*(?:yes|no)[\"'“”)]*\s*(?=[.,;!()\]|\n]|$)",
    r"\b(?:market|contract|question|bet|wager)\b.{0,40}\b(?:yes|no) (?:won|wins|prevailed|is final|was final)\b",
    r"\bpaid (?:out )?(?:the )?(?:yes|no) (?:holders|shares?|contracts?|bettors|buyers|side)\b",
    r"\bresolves (?:to |as )?[\"'“”]*(?:yes|no)[\"'“”]*,? (?:as of|today|now|effective|since|because)\b",
    r"\b(?:contracts?|shares?|market|bets?)\b.{0,30}\bexpired (?:worthless|in the money)\b",
    r"\bofficial (?:outcome|result|resolution) (?:is|was)\W+(?:yes|no)\s*(?:[.!,;\n]|$)",
    r"\bpaid out (?:to|on|for) (?:the )?(?:yes|no)\b|\b(?:yes|no) (?:shares?|contracts?|tokens?) redeem\w*\b",
    r"\b(?:determined|ruled|declared|decided|confirmed|graded|called)\b.{0,30}\b(?:as|in favou?r of|for|to be)"
    r"\W+(?:yes|no)\b(?! \w)",
    r"\bdetermined (?:the |its )?(?:result|outcome)\b.{0,10}\b(?:yes|no)\b",
    r"\b(?:loss|win|winners?|losers?|losses) for (?:the )?(?:yes|no)\b",
    r"\bproposed (?:outcome|resolution)\s*:?\s*(?:yes|no)\b",
    r"\b(?:markt|wette) (?:wurde|ist) (?:\w+ ){0,4}(?:aufgelost|abgerechnet|entschieden)\b",
    r"\bmercado (?:se |ya |ha sido |fue |ya se )+(?:resolvio|resuelto|liquidado|liquido|cerrado como)\b",
    r"\bmarche (?:a ete|est|s'est) (?:\w+ )?(?:resolu|regle|denoue)\b",
    r"(?:市场|市場|合约|合約).{0,4}(?:已|最终)(?:结算|結算|解决|裁定)",
)
