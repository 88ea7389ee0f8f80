from datetime import timedelta
from decimal import Decimal
from tests.conftest import *
from tests.paper_trading.ledger import Ledger, NOON
from tests.paper_trading.test_histories import POLICY
from tests.paper_trading import drawn
from tests.trading import build
from services.paper_trading.domain.offers import Offer
from services.paper_trading.execution import act_on
from services.paper_trading.settlement import pay_due
from services.paper_trading.storage import pending
from services.paper_trading.audit import audited
from shared.signals import *
from shared.trading.fees import terms_json
def test_x(fresh_database):
    l=Ledger(fresh_database); m=l.market(1); p=l.portfolio()
    terms=build.polymarket_terms()
    o={m:Offer(m,"polymarket:1","polymarket","open",True,build.book([("0.4",1000)],[("0.5",1000)]),NOON,build.rules(terms),terms_json(terms))}
    def go():
        with fresh_database.transaction() as c: write_generations(c,[Generation(p,"momentum",None,0,0,[NewSignal(m,"buy_yes",Decimal("0.6"),"x",quantity=Decimal(10))],{})],NOON,NOON+timedelta(hours=1))
        with fresh_database.connection() as c: s=pending.undecided_signals(c,[p])
        return act_on(fresh_database,s,o,POLICY,NOON)[p].decisions[0].outcome
    print(go()); l.final(m,"yes","1"); print(pay_due(fresh_database,NOON)); print(go()); print(pay_due(fresh_database,NOON)); print(audited(fresh_database)); print(l.positions(p))
    assert 0
