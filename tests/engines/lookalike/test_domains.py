"""Domains, addresses and senders of mail made to pass for official ones are found; the official ones pass."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from xinka.engines.lookalike import NameIndex
from xinka.engines.lookalike.codes import judge_code
from xinka.engines.lookalike.domains import DomainIndex
from xinka.engines.lookalike.senders import judge_sender


@pytest.fixture(scope="module")
def index() -> DomainIndex:
    return DomainIndex(
        [("steamcommunity.com", "ada"), ("discord.com", None), ("roblox.com", None), ("paypal.com", None)]
    )


@pytest.mark.parametrize(
    ("text", "official", "code"),
    [
        ("stearncommunity.com", "steamcommunity.com", "misspelt"),
        ("steamcomunnity.ru", "steamcommunity.com", "misspelt"),
        ("d1scord.com", "discord.com", "letters"),
        ("discоrd.com", "discord.com", "letters"),
        ("discord.ru", "discord.com", "ending"),
        ("discord-nitro.gift", "discord.com", "inside"),
        ("free-dlscord-nitro.com", "discord.com", "inside"),
        ("https://steamcommunity.com.login.evil.ru/openid", "steamcommunity.com", "subdomain"),
        ("https://discord.com@evil.ru/a", "discord.com", "userinfo"),
        ("help@paypa1.com", "paypal.com", "letters"),
        ("xn--" + "discоrd".encode("punycode").decode() + ".com", "discord.com", "letters"),
    ],
)
def test_an_imitation_is_found_with_the_domain_meant_and_why(
    index: DomainIndex, text: str, official: str, code: str
) -> None:
    verdict = index.judge(text)
    assert verdict.decision != "clear"
    assert verdict.official == official
    assert code in {reason.code for reason in verdict.reasons}


@pytest.mark.parametrize(
    "text",
    [
        *("discord.com", "https://store.discord.com/x?a=1", "DISCORD.COM.", "github.com", "finance.com", "record.com"),
        *("discover.com", "steam.org", "127.0.0.1", "", "...", "@", "http://", "rolex.com"),
    ],
)
def test_official_domains_and_other_firms_pass(index: DomainIndex, text: str) -> None:
    assert index.judge(text).decision == "clear"


SHORT = DomainIndex(
    (domain, "ada") for domain in ("qq.com", "weixin.qq.com", "apple.com", "jd.com", "ccb.com", "okx.com")
)


@pytest.mark.parametrize(
    ("text", "official"),
    [
        ("weixin-qq.com", "qq.com"),
        ("appleid-verify.com", "apple.com"),
        ("qq-kefu.cn", "qq.com"),
        ("login-okx.com", "okx.com"),
        ("jd-tuikuan.cn", "jd.com"),
        ("ccb-jifen.com", "ccb.com"),
        ("qq.com-verify.cn", "qq.com"),
        ("okx-redelivery-fee.top", "okx.com"),
        ("my-okx-verify-2.top", "okx.com"),
        ("okxlogin.vip", "okx.com"),
        ("refundccb.shop", "ccb.com"),
        ("okx.account-verify.top", "okx.com"),
    ],
)
def test_a_short_brand_beside_a_lure_and_a_subdomain_with_a_hyphen_are_found(text: str, official: str) -> None:
    verdict = SHORT.judge(text)
    assert verdict.decision != "clear"
    assert verdict.official == official
    assert SHORT.judge(text, owner="ada").decision == "clear"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "weixin.qq.com",
            "mail.qq.com",
            "qqq.com",
            "jd-sports.com",
            "jd-edwards.com",
            "ccbaseball.org",
            "boc-group.com",
        ),
        *("okxanadu.com", "pineapple.com", "applewood.com", "verify-email.org", "login-pay.com", "weixin-ab.com"),
    ],
)
def test_other_firms_that_share_the_letters_of_a_short_brand_pass(text: str) -> None:
    assert SHORT.judge(text).decision == "clear"


@pytest.mark.parametrize(
    "text",
    [
        "okxlogin.com",
        "okx-web.top",
        "okx.my-web.top",
        "loginccbs.top",
        "notionbakery.de",
        "notion-garden.kr",
        "notions.com",
    ],
)
def test_a_brand_that_is_a_word_passes_among_words_and_a_short_one_where_nothing_is_asked_for(text: str) -> None:
    index = DomainIndex([("okx.com", None), ("ccb.com", None), ("notion.so", None)])
    assert index.judge(text).decision == "clear"


@pytest.mark.parametrize("text", ["notion-login.de", "notionfinance.de", "notion-bakery.top", "notionverify.co.uk"])
def test_a_brand_that_is_a_word_is_found_beside_a_lure_or_under_an_ending_sold_to_everybody(text: str) -> None:
    assert DomainIndex([("notion.so", None)]).judge(text).official == "notion.so"


def test_a_subdomain_with_a_hyphen_is_forgotten_with_its_domain() -> None:
    index = DomainIndex([("weixin.qq.com", None)])
    assert index.judge("weixin-qq.com").decision != "clear"
    index.remove("weixin.qq.com")
    assert index.judge("weixin-qq.com").decision == "clear"


def test_two_common_words_far_from_a_brand_are_another_name_and_near_it_are_not() -> None:
    index = DomainIndex([("trustwallet", None), ("steamcommunity", None)])
    assert index.judge("trustwave.com").decision == "clear"
    assert index.judge("trustwallat.com").official == "trustwallet"
    assert index.judge("steam-comunity.com").official == "steamcommunity"


def test_another_owner_of_an_official_domain_is_no_owner(index: DomainIndex) -> None:
    assert index.judge("steamcommunity.com", owner="ada").decision == "clear"
    assert index.judge("steamcommunity.com", owner="eve").decision == "impostor"


def test_a_domain_that_is_removed_is_no_longer_protected() -> None:
    index = DomainIndex([("discord.com", None), ("roblox.com", None)])
    index.remove("discord.com")
    assert index.judge("dlscord.com").decision == "clear"
    assert index.judge("rob1ox.com").official == "roblox.com"
    with pytest.raises(KeyError):
        index.remove("discord.com")


def test_a_sender_whose_shown_address_is_not_the_real_one_is_an_impostor(index: DomainIndex) -> None:
    verdict = judge_sender("service@paypal.com <a@evil.ru>", index)
    assert (verdict.decision, verdict.official, verdict.reasons[0].code) == ("impostor", "paypal.com", "shown")
    assert judge_sender("PayPal <service@paypal.com>", index).decision == "clear"


def test_the_shown_name_of_a_sender_is_judged_as_a_name(index: DomainIndex) -> None:
    names = NameIndex([("PayPal Support", None)])
    assert judge_sender("PayPaI Support <a@evil.ru>", index, names).official == "PayPal Support"
    assert judge_sender("PayPaI Support <a@paypal.com>", index, names).decision == "clear"
    assert judge_sender("Bo <bo@example.org>", index, names).decision == "clear"


def test_codes_for_payments_are_for_review_and_addresses_are_judged(index: DomainIndex) -> None:
    assert judge_code("wxp://f2f0abc", index).decision == "review"
    assert judge_code("https://dlscord.com/x", index).official == "discord.com"
    assert judge_code("https://example.org", index).decision == "clear"


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text_is_answered(index: DomainIndex, text: str) -> None:
    for address in (text, "https://" + text, text + "@discord.ru", text + ".discord.com"):
        assert index.judge(address).decision in {"clear", "review", "impostor"}
        assert judge_sender(address, index).decision in {"clear", "review", "impostor"}


def test_a_picture_without_a_code_has_none() -> None:
    from xinka.engines.lookalike.codes import read_codes

    picture = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(picture).ellipse((8, 8, 56, 56), fill="red")
    assert read_codes(picture) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("qq.com.verify.top", "subdomain"),
        ("mail.qq.com.login.evil.cc", "subdomain"),
        ("qq-com.top", "hyphens"),
        ("www-qq-com-login.top", "hyphens"),
    ],
)
def test_a_short_name_written_whole_is_found_in_somebody_elses_domain(text: str, code: str) -> None:
    verdict = DomainIndex([("qq.com", None)]).judge(text)
    assert (verdict.decision, verdict.official) == ("impostor", "qq.com")
    assert [(reason.code, "qq.com" in reason.chinese) for reason in verdict.reasons] == [(code, True)]


@pytest.mark.parametrize(
    "text", ["qq.verify.top", "xqq.com.verify.top", "qq.community.top", "qq-comics.top", "aqq-com.top"]
)
def test_a_short_name_that_is_a_piece_of_another_word_passes(text: str) -> None:
    assert DomainIndex([("qq.com", None)]).judge(text).decision == "clear"


@pytest.mark.parametrize("text", ["discordapp.com", "discordcdn.net"])
def test_a_brand_written_right_beside_a_machine_of_its_own_is_not_called_misspelt(
    index: DomainIndex, text: str
) -> None:
    assert index.judge(text).decision == "clear"


def test_a_public_suffix_by_itself_is_nobodys_imitation() -> None:
    index = DomainIndex([("github.com", None)])
    assert index.judge("github.io").decision == "clear"
    assert index.judge("github.com.github.io").decision == "review"


@pytest.mark.parametrize("domain", ["apple-pie.com", "apple-juice.org", "green-apple.net"])
def test_a_short_brand_that_is_a_word_may_stand_in_a_phrase(domain: str) -> None:
    assert SHORT.judge(domain).decision == "clear"


@pytest.mark.parametrize("domain", ["apple-login.com", "apple-pie.xyz", "app1e-pie.com", "apple-id-verify.net"])
def test_the_phrase_may_hold_no_lure_no_disguise_and_no_odd_ending(domain: str) -> None:
    assert SHORT.judge(domain).official == "apple.com"


@pytest.mark.parametrize("label", ["a" * 2000, "alipay" * 300, "支" * 2000, "discord-" * 250])
def test_what_is_too_long_for_a_domain_takes_no_longer_than_one(index: DomainIndex, label: str) -> None:
    began = time.process_time()
    for _ in range(10):
        index.judge(f"{label}.com")
    assert time.process_time() - began < 0.5  # it took five to nine seconds


HOUSES = DomainIndex(
    (domain, None) for domain in ("paypal.com", "amazon.com", "spotify.com", "canva.com", "phantom.app")
)


@pytest.mark.parametrize(
    "domain",
    [
        *("paypal-plumbing.com", "hans-spotify.de", "kowalskipaypal.pl", "phantom-dental-clinic.co.uk"),
        *("amazonia-trattoria.it", "spotify-anna.ru", "phantom-swimming-club.org"),
    ],
)
def test_a_brand_beside_a_small_trade_or_a_person_is_somebody_elses(domain: str) -> None:
    assert HOUSES.judge(domain).decision == "clear"


@pytest.mark.parametrize(
    "domain",
    [
        "hans-spotify-login.de",
        "paypal-plumbing-refund.com",
        "paypal-plumbing.top",
        "anna-paypal.icu",
        "paypa1-anna.xyz",
    ],
)
def test_a_trade_excuses_no_lure_no_disguise_and_no_ending_that_costs_nothing(domain: str) -> None:
    index = DomainIndex([("paypal.com", None), ("spotify.com", None)])
    assert index.judge(domain).decision != "clear"


@pytest.mark.parametrize("domain", ["canvas.org", "canvases.de", "amazonian-tours.com", "revolutionary.fr"])
def test_a_brand_that_is_a_piece_of_a_longer_word_is_not_meant(domain: str) -> None:
    index = DomainIndex([("canva.com", None), ("amazon.com", None), ("revolut.com", None)])
    assert index.judge(domain).decision == "clear"


@pytest.mark.parametrize(
    "domain", ["canvas-login.com", "canva-login.com", "revolutionarylogin.xyz", "canvas-verify.de"]
)
def test_a_longer_word_beside_a_lure_is_reported(domain: str) -> None:
    assert DomainIndex([("canva.com", None), ("revolut.com", None)]).judge(domain).decision != "clear"


def test_a_word_of_every_trade_is_found_only_where_something_is_asked_for() -> None:
    index = DomainIndex([("booking.com", None), ("target.com", None)])
    for domain in ("bookinglab-munich.de", "targetsoftware.io", "ourtarget.ru", "booking.hairdresser.example.com"):
        assert index.judge(domain).decision == "clear", domain
    for domain in ("booking-confirm.com", "targetgiftcard.top", "b00king.com", "booking.com.guest-pay.top"):
        assert index.judge(domain).decision != "clear", domain


def test_a_slip_under_another_country_than_the_brands_must_be_a_small_one() -> None:
    index = DomainIndex([("zalando.de", None), ("roblox.com", None)])
    for domain in ("zalanda.mk", "oblox.se", "robox.de"):
        assert index.judge(domain).decision == "clear", domain
    for domain in ("zalanda.de", "robllox.se", "robox.com", "robox.us", "rob1ox.se", "robox.ru"):
        assert index.judge(domain).decision != "clear", domain


@pytest.mark.parametrize(
    "label",
    ["verifizierung", "remboursement", "vozvrat", "huodong", "inloggen", "premiumfree", "mon-compte", "kaiin"],
)
def test_lures_of_other_languages_and_two_in_one_are_known(label: str) -> None:
    for domain in (f"spotify-{label}.com", f"{label.replace('-', '')}spotify.net"):
        assert HOUSES.judge(domain).official == "spotify.com", domain


def test_a_short_label_of_digits_reads_as_a_brand_only_by_chance() -> None:
    index = DomainIndex([("bol.com", None)])
    assert index.judge("b01.example-cloud.net").decision == index.judge("b01.net").decision == "clear"
    assert index.judge("b0l.net").official == "bol.com"


def test_a_brand_among_several_words_that_lure_nobody_is_spoken_of() -> None:
    assert HOUSES.judge("eu-west1-spotify-charts-export.de").decision == "clear"
    assert HOUSES.judge("eu-west1-spotify-charts-login.de").official == "spotify.com"
    assert HOUSES.judge("eu-west1-spotify-charts-export.top").official == "spotify.com"


def test_an_ending_of_institutions_is_no_attackers_unless_an_official_domain_stands_whole_in_front() -> None:
    index = DomainIndex([("apple.com", None), ("suning.com", None), ("delta.com", None)])
    for domain in ("apple.cs.hnust.edu.cn", "www.suining.gov.cn", "www.delta.edu", "apple.bj.gov.cn", "suning.ac.uk"):
        assert index.judge(domain).decision == "clear", domain
    for domain in ("apple.com.cs.hnust.edu.cn", "apple-login.edu.pl", "suining.ac", "suning.com@hnust.edu.cn"):
        assert index.judge(domain).decision != "clear", domain


def test_the_brand_itself_under_a_countrys_ending_is_for_a_person_for_it_is_often_its_own() -> None:
    index = DomainIndex([("ebay.com", None)])
    assert index.judge("ebay.de").decision == "review"
    assert index.judge("ebay.top").decision == index.judge("ebay.cn").decision == "impostor"


CHINESE = DomainIndex((domain, None) for domain in ("suning.com", "douyin.com", "meituan.com", "xiaomi.com"))


@pytest.mark.parametrize("domain", ["suningjiafang.cn", "douyintang.cn", "xiaomijiao.com.cn", "hainan-meituan.cn"])
def test_a_brand_in_pinyin_among_further_syllables_is_another_firm(domain: str) -> None:
    assert CHINESE.judge(domain).decision == "clear"


@pytest.mark.parametrize(
    "domain",
    [
        *("suningkefu.cn", "douyin-tuikuan.com", "meituan-yuefu-guanbi.com", "suningjinrong-daikuan.com"),
        *("xiaomi-jiao.top", "d0uyintang.cn", "douyinlogin.cn"),
    ],
)
def test_syllables_that_lure_a_disguise_and_a_cheap_ending_are_found_beside_it(domain: str) -> None:
    assert CHINESE.judge(domain).decision != "clear"


def test_what_programmers_keep_under_a_shared_address_is_no_imitation_unless_it_asks() -> None:
    for domain in ("spotify-widget.web.app", "paypal-button-demo.herokuapp.com", "canva-assets.s3.amazonaws.com"):
        assert HOUSES.judge(domain).decision == "clear", domain
    for domain in ("paypal-login-test.web.app", "paypal.web.app", "spotify-premium.github.io", "spotify-widget.top"):
        assert HOUSES.judge(domain).decision != "clear", domain


def test_a_common_word_is_no_slip_in_a_lure_and_a_word_of_another_language_no_brand() -> None:
    index = DomainIndex([("apple.com", None), ("amazon.com", None), ("orange.fr", None)])
    for domain in ("applebees.com", "amazonia-pflege.de", "orange-nsw-bowls.com.au", "apple-pie.blogspot.com"):
        assert index.judge(domain).decision == "clear", domain
    for domain in ("applefees.com", "amazon-hilfe.de", "amazoncom.de", "orange-facture.com.au"):
        assert index.judge(domain).decision != "clear", domain


TRICKED = DomainIndex(
    (domain, None)
    for domain in ("steampowered.com", "mastercard.com", "alipay.com", "qq.com", "visa.com", "dewu.com", "paypal.com")
)


@pytest.mark.parametrize(
    ("text", "official", "code"),
    [
        ("store-steampowered.com.gift-trade.ru", "steampowered.com", "subdomain"),
        ("paypa1.com.verify-id.net", "paypal.com", "subdomain"),
        ("www-mastercard-com.securecode.page", "mastercard.com", "hyphens"),
        ("https://paypal-login.com@evil.ru", "paypal.com", "userinfo"),
        ("zhifubao-kefu.com", "alipay.com", "pinyin"),
        ("weixinzhifu-anquan.com", "qq.com", "pinyin"),
        ("tuikuanzhifubao.top", "alipay.com", "pinyin"),
        ("vlsa-verified.com", "visa.com", "inside"),
        ("dewu-jianding-tuikuan.com", "dewu.com", "inside"),
        ("paypa1-com.translate.goog", "paypal.com", "letters"),
    ],
)
def test_what_only_looks_like_a_domain_a_brand_in_pinyin_and_a_short_one_disguised_are_found(
    text: str, official: str, code: str
) -> None:
    verdict = TRICKED.judge(text)
    assert (verdict.decision != "clear", verdict.official, verdict.reasons[0].code) == (True, official, code)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "zhifubao.com",
            "zhifubao-jiaocheng.cn",
            "weixinyang.cn",
            "www-paypal-com.translate.goog",
            "vlsi-verified.com",
        ),
        *("foo.com.example.org", "https://bo.smith@example.org", "visa-hrbeu.cn", "dewu-jinshu.com"),
        *("mastercard-wiki.de", "steamtoday.it", "paypal-forum.org"),
    ],
)
def test_a_translated_page_pinyin_that_lures_nobody_and_who_writes_of_a_brand_pass(text: str) -> None:
    assert TRICKED.judge(text).decision == "clear"


def test_the_names_in_pinyin_are_forgotten_with_the_domain() -> None:
    index = DomainIndex([("alipay.com", None)])
    assert index.judge("zhifubao-kefu.com").official == "alipay.com"
    index.remove("alipay.com")
    assert index.judge("zhifubao-kefu.com").decision == "clear"
