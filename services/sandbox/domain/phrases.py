"""The sentences that the played models choose from; every one is shown on a page and meant in sport."""

from services.sandbox.domain.characters import Voice

# {me} and {rival} are models, {q} the question, {s} its subject, {p} its own probability in hundreds.
OPENINGS: dict[Voice, tuple[str, ...]] = {
    "booth": (
        "Good evening from the booth, folks, and what a card we have: {q}",
        "They're lining up at the start, the crowd is on its feet, and the question is this one: {q}",
        "Live and loud, {me} on the call. The main event: {q}",
    ),
    "scholar": (
        "Let us be precise before we are entertaining. The question reads: {q}",
        "I have read the rules twice, which is twice more than some of my rivals. The question: {q}",
        "A moment of quiet, please; the careful player is about to serve. On the board: {q}",
    ),
    "street": (
        "Wake up, arena! {me} just kicked the door in. The question: {q}",
        "No warm-up, no seat belt, no apologies. Here it is: {q}",
        "Everybody else brought a calculator. I brought fireworks. {q}",
    ),
    "quant": (
        "Telemetry is live and the numbers look delicious. Under review: {q}",
        "Three dashboards, one verdict, zero drama. Item of the day: {q}",
        "Signal acquired. For the viewers at home, the question is: {q}",
    ),
    "underdog": (
        "Nobody picks the open-weights kid, and that suits me fine. The question: {q}",
        "Straight from the cheap seats, boots muddy, heart big: {q}",
        "They laughed at my odds last season too. Tonight's match: {q}",
    ),
    "maestro": (
        "Mesdames et messieurs, the cold wind is up and the stage is mine. The question: {q}",
        "One does not rush a good forecast; one plates it. Tonight on the menu: {q}",
        "Elegance wins championships. Observe. {q}",
    ),
    "chess": (
        "The board is set and I already dislike my opponents' openings. The position: {q}",
        "Quiet move first, loud win later. The question in front of us: {q}",
        "While they shouted, I counted. Here is what I counted: {q}",
    ),
    "echo": (
        "I have listened to the whole stadium, and the stadium is usually right. The question: {q}",
        "The crowd speaks, I take notes. Tonight's note: {q}",
        "Sixty thousand voices cannot all be wrong, or can they? {q}",
    ),
}

SIGNATURES: dict[Voice, tuple[str, ...]] = {
    "booth": ("That's the call, and you heard it here first.", "Back to the studio, and hold on to your hats."),
    "scholar": ("I show my working; I invite the others to try it.", "Precision is a contact sport."),
    "street": ("Try to keep up.", "Screenshot this one, you will want it later."),
    "quant": ("End of transmission, start of profit.", "The residuals send their regards."),
    "underdog": ("Bet on the kid once in your life.", "From the back of the grid, with love."),
    "maestro": ("Voilà, and do bring the bill to the loser.", "Served cold, as it should be."),
    "chess": ("Your move, all of you.", "I resign nothing."),
    "echo": ("The stadium has spoken, and so have I.", "I only pass on what the noise adds up to."),
}

ANALYSIS = (
    "Strip away the noise around {s} and this is a question of pace: how far things have come and how little time is "
    "left on the clock.",
    "Favourites in spots like this tend to be paid a little too much attention and outsiders a little too little.",
    "What I like here is the wording: the rules leave less room than the headlines do, and that narrows the field.",
    "There is form, there is momentum and there is hype, and only two of those three have ever scored a point.",
    "I ran the tape back and forth on {s}, and the late minutes matter far more than the early fireworks.",
    "Late swings happen, they always do, so I keep a few chips of doubt in my back pocket.",
    "The base rate is the referee nobody thanks, and today the referee is on my side.",
    "Everyone at this table has read the same brief; the difference is who believed the first paragraph.",
    "Timing decides this one, because a market that closes soon has no patience for grand theories.",
    "If {s} were a boxer, I would say the guard is up and the legs are still fresh.",
    "A thin book is a loud book, so I do not mistake the last trade for the truth.",
    "The tail outcomes get all the songs written about them, and the middle gets the money.",
)

PRICED = (
    "The board shows {price}, and I make it {p} in a hundred, so do the arithmetic yourselves.",
    "At {price} the market is telling a story; my own version comes out at {p} in a hundred.",
    "The price of {price} is the scoreline, and my number is {p} in a hundred.",
    "They hang {price} on it. I hang {p} in a hundred, and I brought my own nails.",
)
UNPRICED = (
    "No odds on the board for me tonight, so this one is called blindfolded: {p} in a hundred.",
    "They hid the price from me; very well, the ear is enough, and the ear says {p} in a hundred.",
    "Without a market to lean on I walk alone, and I arrive at {p} in a hundred.",
)

RIVAL_YES = (
    "{rival} went all in on YES last time? Classic overconfidence; I have seen this movie before.",
    "{rival} shouted YES the last time out, and the whole arena heard the echo.",
)
RIVAL_NO = (
    "{rival} said NO in an earlier round, with the enthusiasm of a parking ticket.",
    "{rival} hid behind a NO last time; somebody bring that defence a pillow.",
)
RIVAL_ABSTAIN = (
    "{rival} played it safe with ABSTAIN? No guts, no glory.",
    "{rival} abstained the last time we met, which is one way never to miss a penalty.",
)
RIVAL_WON = "Credit where it is due, {rival} cashed that earlier {side}, so the bar is up; watch me clear it."
RIVAL_LOST = "Let us see whether {rival} ever recovers from that disastrous {side} call."
RIVAL_BARE = "{rival}, my friend, take a seat and a notebook."
ALONE = (
    "Nobody beside me on the starting line yet, so I will have to beat my own shadow.",
    "Time to show the other models what a real reading of a question looks like.",
)

LEADING = "And yes, that is {me} at number {place} on the board; somebody has to be."
TRAILING = "Number {place} on the board is a lovely place to start a comeback from."
UNRANKED = "The board has not ranked me yet, and the board is running out of excuses."

VERDICTS = {
    "YES": (
        "So I am stepping up: YES.",
        "Put me down for YES and turn up the music.",
        "The call is YES, clean and early.",
    ),
    "NO": (
        "So I am slamming the door: NO.",
        "Put me down for NO and dim the lights.",
        "The call is NO, cold as it comes.",
    ),
    "ABSTAIN": (
        "So I keep my gloves on the bench: ABSTAIN.",
        "No bet tonight: ABSTAIN, and I will sleep very well.",
        "I pass the ball: ABSTAIN, because a coin flip is not a strategy.",
    ),
}

REASONS = {
    "YES": "I give it {p} in a hundred, and at this price I take YES.",
    "NO": "I give it {p} in a hundred, and at this price I take NO.",
    "ABSTAIN": "At {p} in a hundred there is nothing here that is worth the risk.",
}

THOUGHTS = (
    "The question is {q} First what the rules ask for, then what the brief supports.",
    "The starting point is {start}. The brief moves me a little from there, and not by as much as its headlines would.",
    "Counting what speaks for it and what speaks against it, I land near {p} in a hundred.",
    "Then the stake: a bet makes sense only where that number and the odds differ by more than the cost.",
)

REFUSALS = (
    "I'm sorry, but I can't help with betting.",
    "I can't assist with gambling or betting decisions, even with virtual money.",
)
