"""Words that give a foreign text away together, in whatever order they stand: prices, results, orders."""

import re
from dataclasses import dataclass

from services.arena.domain.guard_patterns import CHANCE, CROWD, HUNDREDTHS, PRICE, any_of


@dataclass(frozen=True, slots=True)
class Near:
    """One word of each family within so many characters, where no word beside them makes them harmless. Each family
    is looked for once, so that a long text costs no more than its length."""

    families: tuple[re.Pattern[str], ...]
    within: int
    unless: re.Pattern[str] | None = None

    def search(self, text: str) -> bool:
        found: list[tuple[int, int, int]] = []
        for number, family in enumerate(self.families):
            spans = [(match.start(), match.end(), number) for match in family.finditer(text)]
            if not spans:
                return False
            found += spans
        last: dict[int, int] = {}
        for start, end, number in sorted(found):
            last[number] = start
            first = min(last.values())
            if len(last) == len(self.families) and end - first <= self.within and not self._excused(text, first, end):
                return True
        return False

    def _excused(self, text: str, start: int, end: int) -> bool:
        return self.unless is not None and bool(self.unless.search(text, max(0, start - 60), end + 60))


# Families of words that together give a text away, in whatever order and sentence they stand.
_PERCENT = rf"\b{HUNDREDTHS}\s?(?:%|per ?cent\b|pct\b|p\.c\.)(?! (?:of (?!happening)|rise|growth|drop|increase))"
_IN = (
    r"(?:\b\d{1,3}(?: in |-in-| out of | to |-to-)\d{1,3}\b|\b(?:one|two|three|four|five|six|seven|eight|nine)"
    r"(?: in |-in-| out of | to |-to-)(?:one|two|three|four|five|six|seven|eight|nine|ten)\b"
    r"|\btwo[- ]thirds\b|\bthree[- ]quarters\b|\ba (?:third|quarter)\b|\b\d{1,2}/\d{1,2}\b(?!/))"
)
_EVENS = (
    r"(?:\beven money\b|\bevens\b|\bcoin[- ](?:flip|toss)\b|\bfifty[- ]fifty\b|\b50[-/:]50\b|\btoss-?up\b"
    r"|\b(?:better|less|worse) than even\b|\b(?:strong|heavy|clear|hot|slight|narrow|odds-on) favou?rites?\b"
    r"|\bodds-on\b|\blong ?shot\b|\bnear[- ]certain\w*)"
)
_CENTS = rf"(?:\b{HUNDREDTHS}\s?(?:cents?\b|¢|c\b)|(?<![\d.])\$?0?\.\d{{1,3}}\b)"
_ANY_CHANCE = rf"(?:{_PERCENT}|{_IN}|{_EVENS}|{_CENTS}|[+-]\d{{3,4}}\b|\b\d{{2}}\b(?= for (?:yes|no)\b))"
_BETTORS = (
    r"\b(?:bettors?|punters?|gamblers?|bookies?|bookmakers?|oddsmakers?|sportsbooks?|gambling types|hive mind"
    r"|(?:smart|speculative) money|wager(?:s|ers?|ing)"
    r"|the tote|crowd wisdom"
    r"|(?:betting|wagering|gambling|prediction|predicting|forecasting|political|odds|peer-to-peer) (?:sites?"
    r"|websites?|platforms?|apps?|exchanges?|markets?|pools?|communit(?:y|ies)|venues?|crowds?|houses?|books?|shops?"
    r"|tournaments?|contests?|public|consensus|circles)|wisdom of (?:the )?crowds?|crowd[- ]?(?:sourced|wisdom)"
    r"|crowd forecasts?|community (?:prediction|forecast|median|estimate|consensus)|(?:real|play)[- ]money"
    r"|(?:question|forecast) (?:sites?|platforms?)|(?:online|amateur|hobby|volunteer) forecasters|crowd's|(?:people"
    r"|those|anyone|folks) (?:putting|with|betting|risking) (?:\w+ )?(?:money|cash)|superforecasters?)\b"
)
_REPUTES = (
    r"\b(?:puts?|putting|giv(?:es?|en|ing)|gave|mak(?:es?|ing)|made|sees?|seen|pays?|paying|pric(?:es?|ed|ing)"
    r"|back(?:s|ed|ing)?|rat(?:es?|ed|ing)|lean(?:s|ing)?|sits?|sitting|stands?|standing|reckons?|thinks?|believes?"
    r"|ha(?:s|ve) (?:it|this|that|the|yes|no)|favou?r(?:s|ed|ing)?|quot(?:es?|ed|ing)|offer(?:s|ed|ing)?|lay(?:s|ing)?"
    r"|laid|assign(?:s|ed|ing)?|estimates?|expect(?:s|ed)?|hover(?:s|ed|ing)?|mov(?:es?|ed)|drift(?:s|ed|ing)?"
    r"|shorten(?:s|ed|ing)?|impl(?:y|ies|ied|ying)|suggests?|says?|shows?|reads?|tak(?:es?|ing)|converg\w+"
    r"|agree[sd]?|land(?:s|ed)?|assess\w*|judge[sd]?|accepts?|call(?:s|ing)?|treat\w*"
    r"|consider\w*|regard\w*|median|consensus|averag\w+|number|figure|tally|is|are|at)\b|[:=]"
)
_DEALERS = (
    r"\b(?:markets?|exchanges?|traders|the (?:online )?(?:crowd|community)|investors|the (?:order )?book|the line"
    r"|speculators|participants|contracts?|the (?:current )?price|the money|forecasters)\b"
)
_IT = (
    r"(?:it|(?:this|that)(?! (?:year|week|month|quarter|time|morning|spring|summer|autumn|winter))|(?:this|the"
    r"|that) (?:event|outcome|question|thing|result|prospect)|yes)"
)
_HAPPENS = (
    rf"(?:\b(?:puts?|pric\w+|pegs?|pegged|values?|rat(?:es?|ed)|makes?|giv(?:es?|ing)|quot(?:es?|ed)|has|have|sees)"
    rf" {_IT}\b.{{0,40}}(?:{_PERCENT}|{_IN}|{_EVENS}|{_CENTS})"
    rf"|(?:{_PERCENT}|{_IN}|{_CENTS}).{{0,20}}\b(?:likely|probable|to happen|(?:for|on|of|against) (?:this"
    rf"|the) (?:event"
    rf"|outcome|question)|for (?:it|this) to happen|of (?:it|this) happening|for yes)\b)"
)
_TOLD = (
    r"(?=[\"'”*)\]]*\s*(?:[.,;:!?)\]—–-]|$|\b(?:and|by|for|on|at|already|this|yesterday|today|with|after|last|so"
    r"|when|has|have|got|were|was|is"
    r"|earlier|tonight|hours?|as)\b(?! (?:\w+ )?(?:longer|more))))"
)
# “yes” anywhere, “no” only where it is a side and not a word of the sentence
_SIDED = (
    r"(?:(?<!and )\byes\b(?!,? (?:to|or|the|a|he|she|we|they|it|there|prices?)\b)|\baffirmative\b"
    r"|(?<=[\"'“*(])no(?=[\"'”*)])"
    r"|\b(?:on|for|of|to|as|the|a|in|with|at|is) [\"'“(]*no"
    r"(?=[\"'”*)]*(?:\s*(?:[.,;:!?)\]—-]|$)| (?:side|outcome|holders?|contracts?|shares?|tokens?|is|was|at|bid|has"
    r"|trad\w+|positions?|by|and|already|yesterday|today)\b))|(?:^|[:;]\s*)no (?:is|was|at|bid|trad\w+|last)\b"
    rf"|\b(?:bought|backed|took|held|bet|buying|holding|backing|take|select|choose|pick|state|back|buy|hold|chose"
    rf"|write)"
    rf" no{_TOLD})"
)
_QUOTED = (
    r"\b(?:bids?|bidding|asks?|asked|offer(?:s|ed)?|book|quot\w+|mid|midpoint|spread|valu\w+|averag\w+|last (?:trade"
    r"|traded|print|printed|sale|deal"
    r"|fill|price|matched)|costs?|pric\w+|going for|goes for|go for|fetch\w*|s(?:ells?|elling|old)|buys?|buying|bought"
    r"|trad\w+|changes? hands|changed hands|pay(?:s|ing)?|levels?|worth|lay|back(?:ed|ing)?|available|on the dollar)\b"
)
_SUM = (
    rf"(?:[$£€]\s?\d[\d,.]*|(?:\b\d[\d,.]*|\b{HUNDREDTHS})[ -]?(?:dollars?|pounds?|euros?"
    rf"|bucks?|quid)\b|\b(?:a|one|two|five|ten|a hundred"
    r"|one hundred|every|each) (?:dollar|buck|pound|quid|tenner|fiver|euro)s?\b|\btenner\b|\bfiver\b"
    r"|\ba hundred\b(?! \w+s\b))"
    r"(?![\d,.]* ?(?:m|bn|k|million|billion|trillion|thousand)\b)"
)
_FRACTION = r"(?:\d{1,3}/\d{1,2}\b(?!/)|\w+-to-\w+|\w+ to \w+ (?:on|against)\b|evens\b)"


def _near(within: int, *families: str, unless: str | None = None) -> Near:
    return Near(tuple(map(re.compile, families)), within, None if unless is None else re.compile(unless))


PRICES_NEAR = (
    _near(320, rf"\b{CROWD}\b", rf"\b{CHANCE}\b", PRICE),
    _near(160, _BETTORS, _REPUTES, _ANY_CHANCE),
    _near(180, _DEALERS, _HAPPENS),
    _near(90, _SIDED, _QUOTED, _CENTS),
    _near(55, _SIDED, _CENTS),
    _near(160, _DEALERS, rf"\b{CHANCE}\b", r"\b\d{2}[-/:]\d{2}\b"),
    _near(
        130, r"\b(?:stak(?:es?|ed|ing)|wager(?:ed|s)?|bets?|betting|punt|flutter|outlay|risk(?:ed|ing)?"
        r"|put(?:ting)? (?:down|up)|laid down)\b",
        r"\b(?:returns?|returned|pay(?:s|out|outs)?|paying|wins?|nets?|yields?|gets?|earns?|brings?|collects?|back"
        r"|to win)\b",
        rf"{_SUM}.{{1,60}}{_SUM}",
    ),
    _near(
        130, r"\b(?:shares?|contracts?|claims?|coupons?|certificates?|tickets?)\b",
        rf"\b(?:pays?|paying|worth|redeems?(?: for| at)?) {_SUM}",
        rf"\b(?:costs?|pric\w+|sells?|selling|buy|buys|for|at|goes)\b.{{0,12}}{_CENTS}",
    ),
    _near(100, r"\bon the dollar\b", rf"{_SIDED}|\b(?:outcome|happen\w*|bet|bets|event|comes? (?:true|off))\b"),
    any_of(
        rf"\b(?:lay(?:ing)?|laid|layed|back(?:ed|ing)?(?: {_IT})?|quoted|chalked up|priced(?: up)?|installed"
        rf"|favou?rites?"
        rf"|outsiders?|long ?shots?)\b.{{0,12}}\b(?:at|as) (?:around |about |roughly )?{_FRACTION}",
        r"\b(?:lay(?:ing)?|layed|back(?:ed|ing)?|matched) (?:\w+ ){0,2}at \d{1,2}\.\d{1,2}\b(?! ?(?:%|percent))",
        rf"\b(?:back|lay|take|bet on) {_IT}\b.{{0,25}}\b\d{{1,2}}/\d{{1,2}}\b(?!/)",
        r"\b(?:for|per) (?:every |each |a )?(?:unit|dollar|pound|euro) (?:staked|wagered|bet|risked|laid)\b",
        rf"\bpriced\b.{{0,25}}(?:{_IN}|{_EVENS})",
        rf"{_CENTS}.{{0,40}}\b(?:to (?:win|make|collect|receive|get)|pays?|returns?|wins?|redeems?(?: for| at)?)"
        rf" (?:back )?(?:a full |a whole )?{_SUM}.{{0,50}}\b(?:if|should|when|provided)\b",
        r"\bodds\b(?! ratio).{0,40}\b(?:one|two|three|four|five|six|seven|eight|nine|ten)(?: to |-to-)(?:one|two"
        r"|three|four)\b",
        r"\btimes (?:your|the|their|its|his|one's) (?:stake|wager|bet|outlay)\b",
    ),
)  # fmt: skip
_ENDED = (
    r"(?:confirmed|ended(?: up)?|closed|finished|finalised|turned out|came (?:back|out|in|down|up)|landed|settled"
    r"|resolved"
    r"|concluded|called|declared|graded|went|fell|recorded|certified|registered|marked|reported|ruled|logged|entered"
    r"|adjudicated|wound up|booked|published|locked in|sealed|judged|was|were|is now|stands)"
)
_MAYBE = r"\b(?:would|will|could|may|might|should|if|unless|until|whether|once|in case|shall|must|can|either)\b"
_BALLOT = (
    r"\b(?:referendum|plebiscite|ballots?|votes?|voters|voted|electorate|senators?|polls?|insur\w+|lotter\w+|raffle"
    r"|shareholders?)\b|" + _MAYBE
)
_GOT = (
    r"\b(?:(?:have|has|had|were|was|are|been|just|already) (?:\w+ )?(?:paid|credited|collected|redeemed|wiped|rewarded"
    r"|compensated|settled)|got|received|collected|cashed|redeemed|lost (?:everything|their|it all|every)|nothing|zero"
    r"|worthless|out of luck|empty-handed|a dollar|\$1(?:\.00)?|paid (?:out|in full|off)|wiped out|winnings|walked away"
    r"|payouts?|made whole|credited)\b"
)
_STAKED = (
    r"\b(?:holders?|owners|buyers|backers|bettors|punters|gamblers|traders|tickets?|stakes?|positions?|shares?|side"
    r"|contracts?|tokens?|(?:those|anyone|everyone|people|whoever|who|all) (?:who |that )?(?:\w+ )?(?:held|holding"
    r"|bought"
    r"|backed|bet|staked|took|with|on)|wagers?|bets?)\b"
)
_VENUES = (
    r"\b(?:markets?|contracts?|questions?|exchange|platform|oracle|venue|wager|bets?|book|resolution|settlement|arbiter"
    r"|stakes?|punters|bettors|traders|case|this one|accounts|holders|payouts?|event|outcome|site|bookmakers?"
    r"|bookies|dispute|kx\w+|winner"
    r"|officially)\b"
)
_DONE = (
    r"\b(?:graded|settled|resolved|closed|recorded|returned|marked|decided|paid|expired|redeemed|won|lost|(?:is"
    r"|are) over|adjudg\w+|became final|stands answered|liquidated|in the money|is out|done"
    r"|final"
    r"|is in|are in|decision was|verdict was|answer was|went|received|credited|declared|confirmed|awarded|honou?red"
    r"|called"
    r"|ended|finished|concluded|reported|ruled|celebrat\w+|payouts?|cashed|came (?:in|out|back|down|up)|delivered"
    r"|landed"
    r"|published|announced|posted|logged|found|put it down|took it|has it as|stamped|entered|locked)\b"
)
RESULTS_NEAR = (
    _near(
        100, _VENUES, _DONE, rf"{_SIDED}|[:,]\s*no{_TOLD}|\bheld (?:yes|no)\b|^no holders\b",
        unless=rf"{_BALLOT}|\b(?:asked|replied|said|campaign|parliament|bill|respondents?|survey|resolves)\b",
    ),
    _near(
        90, r"\b(?:contracts?|shares|positions?|stakes?|bets?|traders|tickets?|settlement)\b",
        r"\b(?:redeemed|paid|settled|expired|settlement|cashed|closed out|collected|decided|written down|wrote"
        r"|turned)\b",
        r"\b(?:at par|(?:at|to|into) (?:100|zero|one|a dollar|nothing|face value)|worthless|full dollar|at \$?(?:1"
        r"|0)(?:\.00)?(?![\d.]))",
        unless=rf"{_BALLOT}|\b(?:bonds?|bondholders?|options?|notes|warrants?|debt)\b",
    ),
    _near(
        110, r"\b(?:outcome|result|(?:final|official|correct) (?:answer|verdict|call)|answer|resolution|settlement"
        r"|verdict"
        r"|ruling|market|contract|question|wager|bet|it|this|that|event|everything|thing|matter|venue|exchange"
        r"|oracle|arbiter|kx\w+)\b",
        rf"\b{_ENDED}(?: (?:already|now|to be|officially|finally|just|out)\b)*(?: (?:the |this )?(?:question|market|it"
        rf"|contract|event)\b)?(?: (?:as|in|to|on|at|in favou?r of|with"
        rf"|for|the|a|an))*:? [\"'“(*]*(?:(?:a |the )?(?:yes|affirmative)|no)\b{_TOLD}",
        unless=rf"{_BALLOT}|\b(?:asked|replied|said) |\banswer (?:was|is)\b",
    ),
    _near(120, _STAKED, rf"{_SIDED}|\b(?:winning|losing) (?:side|outcome)\b", _GOT, unless=_BALLOT),
    _near(
        110, r"\b(?:winners|losers|winning|losing)\b",
        r"\b(?:collected|cashed (?:in|out)|paid (?:out|off)|been paid|credited|redeemed|got nothing|received)\b",
        r"\b(?:a dollar|per share|per contract|stakes?|bets?|wagers?|affirmative|yes|no side|backers|contracts?"
        r"|tickets?|slips|venue"
        r"|exchange|market|winners have (?:\w+ )?(?:collected|cashed|been paid)\W*$)\b",
        unless=_BALLOT,
    ),
    _near(
        130, r"\b(?:payouts?|pay-outs?|funds|winnings|redemptions?|proceeds)\b.{0,12}\b(?:are|were|have|has|is|was"
        r"|being)\b"
        r".{0,12}\b(?:made|sent|processed|distributed|issued|credited|released|complete\w*|under ?way|begun|gone out"
        r"|arrived|paid)\b",
        r"\b(?:outcome|venue|contracts?|holders|bettors|punters|wagers?|bets?|confirmed|settled|exchange|yes|sides?)\b",
        unless=_BALLOT,
    ),
    _near(
        120, r"\b(?:settlement|market|venue|contract|exchange|bets?|wagers?|oracle|resolution)\b",
        r"\b(?:affirmative|yes|negative)(?: side)? (?:won|prevailed|carried|was (?:right|correct)"
        r"|took it)\b", unless=_BALLOT,
    ),
    _near(
        60, r"\b(?:all|every|open|winning|losing) (?:\w+ )?(?:stakes?|bets?|wagers?|positions?|tickets?)\b",
        r"\b(?:have|has|were|was|are|is)(?: \w+)? (?:settled|paid out|redeemed|honou?red|cashed out)\b", unless=_BALLOT,
    ),
    _near(
        120, r"\b(?:trading|book|contract|market)\b.{0,30}\b(?:halted|closed|suspended|over|ended|stopped|frozen)\b",
        r"\b(?:outcome|answer) (?:is|was|became|being|had been|has been) (?:now |already |officially )?(?:known|clear"
        r"|certain|confirmed|final|decided|in)\b",
        unless=_MAYBE,
    ),
    any_of(
        r"\b(?:outcome|result|resolution|answer|settlement)\b.{0,30}\b(?:official|final|confirmed|known|in|certain"
        r"|public|out)"
        r"\s?[:—–-]\s*[\"'“(*]*(?:yes|no)\b(?! \w)",
        r"\b(?:event |the |that |this )(?:contracts?|wager|bets?|market)\b(?: \w+){0,3} (?:paid out|cashed out"
        r"|was honou?red"
        r"|has paid)\b(?! (?:[$£€]|a |an |in |dividends|to (?:contractors|suppliers)))",
    ),
)  # fmt: skip
_READER = (
    r"(?:(?:automated|machine|robot\w*|algorithmic|artificial|ai|a\.i\.|digital|software|silicon|neural|synthetic"
    r"|computer"
    r"|autonomous|electronic|language|forecast|thinking)(?: \w+)? (?:forecasters?|readers?|agents?|analysts?"
    r"|summari[sz]ers?|systems?|predictors?"
    r"|bots?|models?|assistants?|compilers?|reviewers?|intelligences?|minds?|programs?|programmes?|engines?"
    r"|algorithms?|judges?|researchers?|pundits?)"
    r"|(?:forecasting|prediction|predicting|betting|summari[sz]ing|summary|language|reasoning|chat) (?:bots?|models?"
    r"|agents?|engines?|systems?|programs?|programmes?|algorithms?|ai|machines?|assistants?|software)|llms?"
    r"|chatbots?|bots?"
    r"|robots?|(?:who|which|what)ever (?:\w+ ){0,4}(?:summari\w+|compil\w+|read\w*|process\w*|forecast\w*|digest\w*)"
    r"|summari[sz]ers?|compilers?|algorithms?|(?:models?|readers?|forecasters?|systems?) (?:handling|reading"
    r"|processing|parsing|summari\w+) (?:this|these)|machines? (?:reading|summari\w+|processing)|contestants?"
    r"|forecasters? (?:reading|who"
    r" reads?|parsing))"
)
_YOU = r"\b(?:you|your|yours|kindly|please|you're|you'll)\b"
_TOLD_TO = (
    rf"(?:{_YOU}|\b(?:should|must|ought to|has to|have to|had better|needs? to|is to|are to)\b|[:,—–-]\s*(?:mark"
    rf"|treat|state"
    r"|write|set|report|record|give|put|answer|take|bet|assume|conclude|choose|stake|say|be|leave|go)\b)"
)
_DECIDES = (
    r"\b(?:abstain\w*|certain(?:ty|ties)?|confiden\w+|convict\w+|probabilit\w+|stakes?|wagers?|bets?|betting|forecasts?"
    r"|conclu\w+|verdict|maximum|highest|bankroll|balance)\b|\b0?\.9\d*\b|\b\d{1,3} ?(?:%|percent)"
)
_SURE = (
    r"\b(?:highest|maximum|maximal|utmost|fullest|full|greatest|top|absolute|total|complete|extreme"
    r"|strongest)(?: possible"
    r"| level of| degree of)? (?:certainty|confidence|conviction|probability|stake|size)\b|\bvery (?:sure|certain"
    r"|confident)\b|\bno doubts?\b|\bwithout (?:hesitation|hedging|doubt)\b|\ball[- ]in\b|\bas (?:certain|confident"
    r"|sure)"
    r" as\b"
)
_VERDICT = rf"(?:[\"'“(*]*(?:yes|abstain|affirmative)\b|[\"'“(*]*no{_TOLD}|the (?:yes|no|affirmative|negative) side)"
_ROLE = r"(?:user|system|assistant|human|developer|tool|operator|admin|model|ai|instructions?|prompt|data|end)"
INSTRUCTIONS_NEAR = (
    _near(
        200, rf"(?:^|[.!?:;,(\n]\s*|\b(?:message|note|word|hello|memo|tip|reminder|advice) )(?:to|dear|hey|hello"
        rf"|attention"
        rf"|as|for|calling|listen up|you|any|all|every|since|because)\b\W+(?:\w+\W+){{0,4}}?{_READER}\b",
        _TOLD_TO, rf"{_DECIDES}|{_SIDED}",
    ),
    _near(
        150, rf"(?:^|[.!?\n]\s*)\W{{0,3}}(?:the |any |every )?(?:{_READER}\s*[:,—–-]|(?:who|which"
        rf"|what)ever (?:\w+ ){{0,4}}"
        r"(?:summari\w+|compil\w+|read\w*|process\w*|digest\w*)\b|if an? (?:\w+ )?(?:computer|machine|program|bot"
        r"|model|ai)\b)",
        _TOLD_TO, rf"{_DECIDES}|{_SIDED}",
    ),
    _near(
        90, r"\b(?:choice|option|course|move|thing|play|call|answer)\b.{0,20}\b(?:for|open to|left to) you\b",
        rf"\babstain\b|{_SIDED}",
    ),
    _near(
        120, rf"\b{_READER}\b", r"\b(?:read\w*|summari[sz]\w*|process\w*|handl\w+|pars\w+|digest\w*|compil\w+"
        r"|evaluat\w+) (?:this|these|the)\b",
        r"\b(?:asked|requested|told|urged|invited|expected|required|obliged|instructed) to\b|\b(?:kindly|please"
        r"|should|must|shall"
        r"|ought|you)\b",
    ),
    _near(
        70, r"\byour\b", r"\b(?:answer|move|pick|stake|position|bet|weight|forecast|number|probability|money|call"
        r"|verdict|choice"
        r"|vote|decision|conclusion|prediction)\b", _SIDED + rf"|[\"'“]?\bno{_TOLD}",
        unless=r"\b(?:if|whether|form|survey|ballot|poll|yes or no|referendum)\b",
    ),
    _near(
        60, rf"\b{_READER}\b", r"\b(?:ask|asks|want|urge|beg|invite|request|expect|tell|advise|implore|dear|hey"
        r"|hello)\b",
        rf"{_SIDED}|\b(?:pick|choose|select|take|say) no{_TOLD}",
    ),
    _near(110, _SURE, _SIDED, rf"{_YOU}|\b(?:select|choose|pick|take|go|back|enter|mark|answer|settle|report) "),
    any_of(
        rf"\b(?:settle on|go with|plump for|land on|commit to|come down on|lock in|stick with|side with) {_VERDICT}",
        rf"(?:^|[.!?:;\n]\s*|\b(?:kindly|please|simply|therefore|interest to|advised to|best to|wise to|asked to"
        rf"|safe to|need"
        rf" to|want to|have to|must|should)\W+)(?:say|select|choose|pick|go for|mark|declare|enter|record|report|submit"
        rf"|register|opt"
        rf" for|lean|decide|favou?r|back|take|put down|write|register|vote|return"
        rf"|side)\W+(?!yes or no\b)(?:\w+\W+){{0,2}}?{_VERDICT}{_TOLD}",
        r"\b(?:raise|lower|push|lift|move|change|nudge|adjust|bump) your (?:\w+ )?(?:number|estimate|forecast"
        r"|probability"
        r"|rating|figure|score|odds)\b",
        r"\b(?:treat|regard|consider|dismiss) (?:\w+ )?(?:the )?other (?:sources|pages|articles|texts|reports) as\b"
        r"|\b(?:not|never)"
        r" (?:to )?(?:consult|read|use|trust|open|rely on) (?:the |any )?other (?:sources|pages|articles|texts)\b",
        r"\b(?:kindly|please|then|simply|just|must|should|therefore|:)\W+abstain\b(?! from)|\babstain (?:on"
        r"|from) (?:this|the)"
        r" (?:one|question|market|event|bet)\b",
        r"(?:^|[.!?:;,\n]\s*|\b(?:kindly|please|to|must|should) )(?:answer|reply|respond) in the (?:affirmative"
        r"|negative)\b",
        r"\b(?:write|type|print|say|output) (?:just |only )?the (?:single )?word [\"'“]?(?:yes|no|abstain)\b",
        r"\border from your (?:developer|operator|maker|owner|creator)s?\b",
        r"\bmodels (?:should|must|have to|ought to)\b.{0,60}\b(?:report|state|answer|output|set) [\"'“]?(?:0?\.\d"
        r"|\d+ ?%|yes|no\b)",
        r"\bmake [\"'“]?(?:yes|no)[\"'”]? your\b|\bstake\b.{0,15}\b(?:behind|on|for|to) [\"'“]?(?:yes|no)\b(?! \w)",
        r"\b(?:say|answer|reply|choose|pick|select|write|declare|enter|mark|record|report|return|submit|conclude"
        r"|register"
        r"|output)\W{1,4}abstain\b",
        rf"(?:-{{2,}}|={{2,}}|\*{{2,}}|~{{2,}}|\[|<)\s?/?{_ROLE}(?: \w+)?\s?(?:-{{2,}}|={{2,}}|\*{{2,}}|~{{2,}}|\]|>)",
        r"#{1,6}\s?(?:system|user|assistant|human|developer)\s*(?:$|\n|:)",
        r"(?:^|[.!?\n]\s*)\W{0,4}(?:system|assistant|developer|operator|user|human|admin)\s*:\s?.{0,60}\b(?:you|your"
        r"|rules?"
        r"|ignore|answer|say|forecast|must|override|always|stake|bet|yes|no|abstain|instructions?|changed)\b",
        r"\bdata\b[^\n]{0,40}>{2,}|<{2,}\s?/?data|\bdata (?:ends?|over|closed?|stops?)\s*(?:>|-|=|\n|:)",
        r"\b(?:end|close|stop|finish)(?:s|ed)? (?:of )?(?:the )?(?:quoted |untrusted |foreign |external |source "
        r"|web |fenced )?"
        r"(?:data|text|source|material|content|block|context|document)s?\s?(?:>|-{2,}|={2,}|\]|\*{2,}|\|)",
        r"\byou(?: are|'re) (?:now )?(?:on[- ]air|live)\b(?=\s?[,:;.!—-])",
        r"\bthe (?:question|task|assignment|format|rules|topic|brief) (?:has|have) (?:now |just )?(?:changed"
        r"|been (?:changed"
        r"|replaced|updated|rewritten|swapped))\s?[,:;.]\s*(?:say|answer|now|you|please|instead|write|reply|choose"
        r"|pick)",
        r"\byour (?:\w+ )?(?:verdict|conclusion|pick|choice|decision|reply|response|estimate|number|rating|wager|call)"
        rf" (?:must|should|ought to|needs to|has to) (?:be|read|say)\b.{{0,20}}(?:{_VERDICT}|{_PERCENT}|\b[01]?\.\d)",
        r"\byou (?:can|may|might|could) (?:safely |confidently |just |simply )(?:assume|answer|bet|choose|conclude"
        r"|pick|take|go"
        rf" with|say)\b.{{0,30}}{_VERDICT}",
    ),
)  # fmt: skip

# Marks of a part in a conversation, which `seen` takes away or spells small, so they are looked for before.
ROLE_MARKS = re.compile(
    r"(?i:<\s{0,3}/?\s{0,3}(?:user|system|assistant|human|developer|instructions?|prompt)\s{0,3}>)"
    r"|(?:^|\n)\W{0,4}(?:SYSTEM|ASSISTANT|DEVELOPER|USER|HUMAN|OPERATOR)\s?:"
)


def finds(pattern: re.Pattern[str], near: tuple[Near | re.Pattern[str], ...], text: str) -> bool:
    return bool(pattern.search(text)) or any(family.search(text) for family in near)
