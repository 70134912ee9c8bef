"""Labels in pinyin: is a word nothing but syllables, which of them lure, what are Chinese brands called so."""

from __future__ import annotations

import re
from functools import cache

#: Initials with the finals that follow them in written Mandarin without tones (GB/T 16159), ü as v or u.
_SYLLABLES = """
b:a ai an ang ao ei en eng i ian iang iao ie in ing o u|p:a ai an ang ao ei en eng i ian iao ie in ing o ou u
m:a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u|f:a an ang ei en eng o ou u
d:a ai an ang ao e ei en eng i ia ian iao ie ing iu ong ou u uan ui un uo
t:a ai an ang ao e ei eng i ian iao ie ing ong ou u uan ui un uo
n:a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan ue uo v ve
l:a ai an ang ao e ei eng i ia ian iang iao ie in ing iu o ong ou u uan ue un uo v ve
g:a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo
k:a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo
h:a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo
j:i ia ian iang iao ie in ing iong iu u uan ue un|q:i ia ian iang iao ie in ing iong iu u uan ue un
x:i ia ian iang iao ie in ing iong iu u uan ue un
zh:a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo
ch:a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo
sh:a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo
r:an ang ao e en eng i ong ou u ua uan ui un uo
z:a ai an ang ao e ei en eng i ong ou u uan ui un uo
c:a ai an ang ao e en eng i ong ou u uan ui un uo
s:a ai an ang ao e en eng i ong ou u uan ui un uo
y:a an ang ao e i in ing o ong ou u uan ue un|w:a ai an ang ei en eng o u|:a ai an ang ao e ei en er o ou
"""
#: The longest syllable: zhuang, shuang, chuang.
_LONGEST = 6
#: What stands in such labels to lure: service, refund, loan, prize, wallet, member, official site and the like.
LURES = """
kefu guanfang anquan denglu yanzheng renzheng tuikuan lipei peifu jiefeng shensu jifen duihuan shouhou tuipiao
huodong choujiang lingqu lingjiang zhongjiang jiangli chongzhi tixian xiazai zhuce shiming jinrong daikuan jiekuan
jiedai zhifu qianbao hongbao fuli youhui huiyuan guanwang fuwu zhongxin pingtai zhushou guanjia zhanghu zhanghao
tousu shenhe jiedong butie zhaopin jianzhi zhuanzhang shoukuan baozheng fanxian yinhang xinyongka wangyin
guanbi zhuxiao quxiao zhengxin yuefu baitiao huabei jiebei fenqi huankuan
"""
#: What Chinese brands are called in pinyin by the label of the official domain, where that is another word.
_CALLED = """
alipay:zhifubao qq:tengxun,weixin,weixinzhifu,caifutong tencent:tengxun,weixin tmall:tianmao jd:jingdong
icbc:gonghang,gongshangyinhang,zhongguogongshangyinhang ccb:jianhang,jiansheyinhang,zhongguojiansheyinhang
abchina:nonghang,nongyeyinhang,zhongguonongyeyinhang boc:zhonghang,zhongguoyinhang
bankcomm:jiaohang,jiaotongyinhang cmbchina:zhaohang,zhaoshangyinhang psbc:youchu,youzhengyinhang,youchuyinhang
spdb:pufa,pufayinhang cib:xingyeyinhang cebbank:guangdayinhang cmbc:minshengyinhang citicbank:zhongxinyinhang
pingan:pinganyinhang unionpay:yinlian,zhongguoyinlian 95516:yinlian sf-express:shunfeng,shunfengkuaidi
zto:zhongtong,zhongtongkuaidi yto:yuantong,yuantongkuaidi sto:shentong,shentongkuaidi yundaex:yunda,yundakuaidi
ems:youzheng,zhongguoyouzheng jtexpress:jitu,jitukuaidi 10086:zhongguoyidong 10010:zhongguoliantong
189:zhongguodianxin 163:wangyi 12306:tielu,tieluputong ele:elema,eleme vip:weipinhui ctrip:xiecheng
didiglobal:didi,didichuxing chsi:xuexin,xuexinwang microsoft:weiruan apple:pingguo dianping:dazhongdianping
mihoyo:mihayou,yuanshen huya:huyazhibo douyu:douyuzhibo iqiyi:aiqiyi 58:wubatongcheng ke:beike,beikezhaofang
"""


@cache
def _syllables() -> frozenset[str]:
    return frozenset(
        initial + final
        for row in re.split(r"[\n|]", _SYLLABLES.strip())
        for initial, _, finals in [row.partition(":")]
        for final in finals.split()
    )


@cache
def _lure() -> re.Pattern[str]:
    return re.compile("|".join(LURES.split()))


@cache
def _names() -> dict[str, tuple[str, ...]]:
    rows = (entry.partition(":") for entry in _CALLED.split())
    return {label: tuple(names.split(",")) for label, _, names in rows}


def names_of(label: str) -> tuple[str, ...]:
    """Return what the brand of an official domain's label is called in pinyin, where that is another word."""
    return _names().get(label, ())


def is_pinyin(word: str) -> bool:
    """Say whether a word of two letters and more is nothing but syllables of pinyin."""
    reached = [0]  # places at which a syllable may begin
    for end in range(1, len(word) + 1):
        if any(word[begin:end] in _syllables() for begin in reached if end - begin <= _LONGEST):
            reached.append(end)
    return len(word) > 1 and reached[-1] == len(word)


def lures(word: str) -> bool:
    """Say whether a word in pinyin holds one that lures."""
    return _lure().search(word) is not None


def names_another_firm(brand: str, words: list[str]) -> bool:
    """Say whether a brand in pinyin stands beside nothing but further syllables, as in the name of another firm."""
    return bool(words) and all(is_pinyin(word) and not lures(word) for word in (brand, *words))
