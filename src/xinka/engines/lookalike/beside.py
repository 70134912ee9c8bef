"""What stands beside a brand in a domain: words that lure, words of another trade, people. Lists of our own."""

from __future__ import annotations

from functools import cache

from rapidfuzz.distance import OSA

from xinka.engines.lookalike import known, pinyin, roles

_LURES = """
nitro gift gifts free login signin support verify verification secure security account accounts app apps airdrop
drop giveaway event events promo staff moderator moderation moderators hypesquad official trade offer offers
community store shop help helpdesk wallet claim bonus pay payment www web com net org online bot bots guard
market game games team pro plus boost boosts partner partners academy program apply application register
registration invite steam discord info service services center client download update win prize reward rewards
present presents halloween christmas newyear skin skins case cases item items robux generator true mobile
desktop beta hub club chat server kefu guanfang auth id ids refund refunds billing unlock recovery restore
delivery redelivery parcel package fee fees tracking track tax rebate giftcard card alert alerts portal customer
member session confirm update device bank banking sign my guest check customs redeem voucher vouchers payee fraud
premium vbucks transfer withdraw deposit suspended password cancel connect mint kyc verified activation activate
validate validation appeal appeals unfreeze ebank netbank outlet
"""
#: The same in other languages: customer, account, log in, confirm, refund, parcel, prize and the like.
_LURES_ABROAD = """
mein meine kunde kunden kundenservice kundenportal konto sicherheit anmeldung anmelden verifizierung aktivierung
freigabe entsperren bestaetigung rueckerstattung zahlung sendung lieferung gutschein phototan banking
mon compte connexion client clients securite remboursement colis livraison amende espace assurance validation
cliente clientes cuenta acceso seguridad paquete envio reembolso verificacion accesso clienti conferma sicurezza
rimborso pacco spedizione conto mijn betaling betaal inloggen pakket verzending terugbetaling conta acesso
seguranca fatura boleto resgate vozvrat vhod oplata dostavka kabinet podarok akciya vyplata proverka platnosc
doplata logowanie paczka zwrot giris onay odeme hediye undian hadiah resmi klaim masuk dangnhap xacthuc nhanqua
khuyenmai huodong renzheng tuikuan choujiang lingqu jiangli chongzhi tixian yanzheng xiazai zhuce shiming jiefeng
kaiin oshirase henkin toiawase
"""
#: What stands beside a short brand in a label that asks for a password, money or trust, in pinyin as well (客服, 退款).
_ASKING = """
login signin verify verification secure security support helpdesk account accounts unlock recovery refund refunds
billing pay payment wallet claim airdrop auth confirm update suspended safe kefu guanfang anquan denglu yanzheng
renzheng tuikuan lipei peifu jiefeng shensu jifen duihuan shouhou tuipiao delivery redelivery reschedule parcel fee
fees tracking track trackinfo rebate giftcard alert alerts customer customers bonus device mypage session guest
customs redeem voucher password verified activation activate validate validation appeal appeals unfreeze ebank netbank
seguridad sicurezza securite verifizierung aktivierung freigabe sicherheit konto connexion compte remboursement
cuenta acceso conferma betaling inloggen vozvrat vhod oplata dostavka giris onay dangnhap xacthuc huodong
"""
#: What stands in the path of a page where one enters a password, in whatever word.
_ENTRIES = ("login", "logon", "signin", "signon", "passw", "webscr", "denglu")
#: What may stand there besides, but asks for nothing by itself.
_BESIDE = "my online web id www tax card cards info service services center client member package post portal join new"
#: Words that firms put beside their own name, and so do those who pass for them.
_FIRMS_WORDS = "development developers developer promotion promotions short link links news blog portal bank finance"
#: What a firm's own machines are called; glued to its brand under a common ending it is likelier its own.
_MACHINES = "app cdn static img images media mail status dev api content assets embed"
#: Of these, those that no password is asked beside: they are its own with a hyphen as well.
_FILES = "cdn static img images assets embed"
#: Words of small trades, of places and of clubs: beside a brand they say that this is somebody else.
_TRADES = """
bakery bakeries baker brewery brewing brewers coffee cafe restaurant pizzeria pizza sushi grill kitchen kitchens
catering bistro winery wines vineyard butcher ranch garden gardens gardening florist flowers landscaping nursery
plumbing plumber roofing roofers electric electrical carpentry joinery painting masonry concrete construction builders
architects architecture interiors furniture flooring carpets tiles plumbers heating cooling hvac solar realty realtor
realtors estates homes apartments lodge hotel hotels hostel motel resort inn villas cottage camping camp campground
dental dentist dentistry clinic hospital pharmacy optics veterinary vets physio physiotherapy therapy therapist
chiropractic yoga pilates fitness dance ballet karate judo boxing wrestling swim swimming sailing rowing cycling
running football soccer rugby cricket hockey tennis golf chess archery shooting fishing hunting riding climbing school
schools kindergarten museum library church chapel choir orchestra opera theatre theater musical bookshop bookstore
books poetry novels film films photography photographer design weddings wedding salon hair barber tattoo spa nails
tailor shoes jewelry jewellery antiques toys crafts pottery knitting quilts motors garage autos automotive tyres tires
towing moving movers removals cleaning cleaners laundry welding machining foundry timber lumber steel bricks hardware
sheds fences kennels stables boats marine yachts charters tours lawyers attorneys notary accountants baeckerei
metzgerei gasthof gasthaus pension verein schule praxis zahnarzt apotheke friseur blumen gaertnerei tischlerei
autohaus fahrrad architekten ingenieure ferienwohnung hof weingut brauerei museumsverein feuerwehr boulangerie
patisserie librairie coiffure fleurs ecole mairie domaine chateau vignoble menuiserie plomberie panaderia ferreteria
peluqueria escuela colegio restaurante bodega taller jardin floristeria farmacia fisioterapia trattoria osteria
ristorante panificio ferramenta scuola agriturismo cantina parrucchiere vecchia vecchie bakkerij slagerij kapsalon
kapper fietsen bouw tuin tandarts padaria oficina escola pousada kawiarnia kwiaciarnia restauracja szkola nongjiale
jidian huagong taoci
"""
#: Given names and family names of the world that are no lure in any language known to us.
_PEOPLE = """
anna anne maria marie julia julie olga elena irina natalia ivan dmitri sergei alexei andrei pavel boris igor john
james robert michael william david richard thomas charles daniel matthew anthony paul andrew joshua kenneth kevin
brian george edward ronald timothy jason jeffrey jacob gary nicholas eric jonathan stephen larry justin scott brandon
benjamin samuel gregory patrick alexander raymond jack dennis jerry tyler aaron jose adam henry nathan douglas peter
zachary walter kyle harold carl mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy
betty sandra margaret ashley kimberly emily donna michelle carol amanda melissa deborah stephanie rebecca laura helen
sharon cynthia kathleen amy angela shirley brenda emma pamela nicole samantha katherine christine catherine virginia
rachel janet carolyn heather diane lukas felix moritz jonas leon niklas johannes stefan matthias andreas klaus jurgen
hans karl friedrich heinrich ulrich wolfgang sabine petra monika ursula heike birgit anja katrin pierre jacques
philippe francois nicolas camille sophie claire chloe isabelle giulia marco luca matteo andrea giovanni francesco
alessandro paolo carlos juan pedro diego javier miguel pablo fernando carmen pilar lucia sofia joao paulo bruno rafael
thiago beatriz jan piet willem sven lars erik nils ingrid astrid bjorn olaf jakub piotr krzysztof tomasz agnieszka
katarzyna malgorzata zoltan istvan laszlo yuki hiroshi takashi kenji akira haruka sakura smith johnson williams brown
jones miller davis garcia rodriguez wilson martinez anderson taylor moore jackson martin lee perez thompson harris
sanchez clark ramirez lewis robinson walker allen wright torres nguyen hill flores adams nelson mitchell campbell
roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers
gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez
wood bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers ross muller schmidt schneider fischer
weber meyer wagner becker schulz hoffmann koch bauer richter klein wolf schroeder neumann schwarz zimmermann braun
hofmann hartmann lange krause lehmann dubois durand leroy moreau laurent lefebvre bertrand roux rossi ferrari esposito
bianchi romano colombo ricci silva santos oliveira souza pereira costa ferreira ivanov smirnov kuznetsov popov sokolov
petrov novak nowak kowalski horvat nagy toth jansen bakker visser devries larsen hansen nilsson johansson karlsson
andersson sato suzuki takahashi tanaka watanabe ito yamamoto nakamura kobayashi kato yoshida yamada sasaki matsumoto
park choi jung kang cho yoon jang lim wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao
luo tran pham hoang phan singh kumar sharma gupta khan
"""
#: What programmers call the machines and stores of their own programs; others speak of the brand with them.
_PROGRAMMERS = """
widget widgets button buttons btn popup script scripts scriptjs snippet snippets pixel tracker trackers prod
production dev devel staging stage test tests testing demo webhook webhooks sdk etl proxy plugin plugins theme themes
template templates scraper crawler parser util utils lib library libs tools toolkit asset assets static cdn api apis
git docs emoji emojis icon icons font fonts resource resources file files storage bucket backend frontend feed feeds
export exports exporter component components code prettify metric metrics monitor monitoring upload uploads analytics
ads pages maps
"""
#: What those who write about a brand put beside it, fans, news, archives.
_SPEAKING = """
wiki wikia forum forums fans fandom blogger insider insiders central guide guides tips tricks channels review reviews
stats database watch watcher leaks history podcast magazine daily world planet cafe addict addicts lovers collectors
today fanclub fansite museum archive archives statistics explained tutorial tutorials notes sucks
"""
#: Lures that small trades and clubs have in their names as well.
_OF_CLUBS = "club hub shop store center academy online team service services market group my com net org web www"
#: Brands that are words of every trade: half the firms of the world have a product of that name.
_EVERYDAY = """
booking books choice cloud color credit design digital direct drive electric energy express family first focus fresh
garden global green group health house insight learn market media metro mobile music notes ocean online paper people
phone photo pixel planet point power press prime print pulse quick radio river school share signal simple smart social
spark sport sports stack store studio talent target ticket tickets times today track travel value video vision water
works world
"""
#: A lure may be misspelt where so many letters are left.
_MISSPELT_FROM = 4

_OF_FIRMS = frozenset(_FIRMS_WORDS.split())
_OWN_MACHINES = frozenset(_MACHINES.split())
_OWN_FILES = frozenset(_FILES.split())
ASKS = frozenset(_ASKING.split())
MAY_STAND = ASKS.union(_BESIDE.split())
_OF_PROGRAMMERS = frozenset(_PROGRAMMERS.split())
_FOLDED_LURES = frozenset(map(roles.light, (*_LURES.split(), *_LURES_ABROAD.split(), *ASKS)))
_EXACT_LURES = _FOLDED_LURES.union(map(roles.light, pinyin.LURES.split()))
_FOLDED_MACHINES = frozenset(map(roles.light, _OWN_MACHINES))
_FOLDED_FILES = frozenset(map(roles.light, _OWN_FILES))
_FOLDED_ASKS = frozenset(map(roles.light, ASKS))
_OTHERS = frozenset(map(roles.light, (*_TRADES.split(), *_PEOPLE.split(), *_SPEAKING.split()))) - _FOLDED_LURES
_MILD = frozenset(map(roles.light, _OF_CLUBS.split()))
_EVERYBODYS = frozenset(_EVERYDAY.split())


@cache
def _begun() -> dict[int, tuple[str, ...]]:
    """Return the lures by their length, for only those nearly as long can be meant."""
    by_length: dict[int, list[str]] = {}
    for lure in sorted(_FOLDED_LURES):
        by_length.setdefault(len(lure), []).append(lure)
    return {length: tuple(found) for length, found in by_length.items()}


def is_lure(word: str, plain: str = "") -> bool:
    """Say whether a folded word beside a brand lures, also misspelt by one letter or as one with another lure.

    Args:
        word: in light letters.
        plain: as it was written; a common word is not taken for the slip in another (``bees`` for ``fees``).
    """
    if word in _EXACT_LURES or len(word) == 1:
        return True
    if len(word) < _MISSPELT_FROM:
        return False
    near = (lure for length in range(len(word) - 1, len(word) + 2) for lure in _begun().get(length, ()))
    own_word = bool(plain) and known.is_word(plain)
    if any(OSA.distance(word, lure, score_cutoff=1) <= 1 for lure in near if not own_word or word.startswith(lure)):
        return True
    return any(word[:at] in _EXACT_LURES and word[at:] in _EXACT_LURES for at in range(3, len(word) - 2))


def is_long_lure(word: str) -> bool:
    """Say whether a word is a lure as written, of so many letters that it is none by chance."""
    return len(word) >= _MISSPELT_FROM and roles.light(word) in _EXACT_LURES


def is_of_programmers(words: list[str]) -> bool:
    """Say whether one of some words as written is what programmers call their machines, and none asks for anything."""
    return not _OF_PROGRAMMERS.isdisjoint(words) and ASKS.isdisjoint(words)


def asks(words: list[str]) -> bool:
    """Say whether one of some folded words asks for a password, money or trust."""
    return not _FOLDED_ASKS.isdisjoint(words)


def asks_in_address(words: list[str]) -> bool:
    """Say whether a word of an address asks for something, also as one with others (``servicelogin``, ``signin2``)."""
    return not ASKS.isdisjoint(words) or any(asking in word for word in words for asking in _ENTRIES)


def is_machine(word: str, *, hyphen: bool) -> bool:
    """Say whether a folded word is what a firm's own machines are called, glued to its name or behind a hyphen."""
    return word in (_FOLDED_FILES if hyphen else _FOLDED_MACHINES)


def name_somebody_else(words: list[str]) -> bool:
    """Say whether folded words beside a brand name a small trade, a club or a person, and none of the others lures."""
    others = [word for word in words if word not in _OTHERS]
    return len(others) < len(words) and not any(is_lure(one) for one in others if len(one) > 1 and one not in _MILD)


def is_everydays(brand: str) -> bool:
    """Say whether a brand is a word that every trade uses."""
    return brand in _EVERYBODYS


def is_harmless(word: str) -> bool:
    """Say whether a word is a common one that lures nobody and is none that firms put beside their own name."""
    plain = len(word) > 2 and word not in _OWN_MACHINES and word not in _OF_FIRMS
    return plain and known.is_word(word) and not is_lure(roles.light(word))
