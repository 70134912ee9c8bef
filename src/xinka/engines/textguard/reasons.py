"""Says in words a person understands why a text was judged so."""

from __future__ import annotations

from typing import Any

from xinka.engines.textguard.guard import Part, Verdict

_VIEWS = {
    "clean": ("写明", "as written"),
    "squeezed": ("去掉间隔符后", "with separators dropped"),
    "digits": ("数字写法", "with digits for words"),
    "martian": ("火星文", "in rare variants"),
    "split": ("拆字", "in split characters"),
    "emoji": ("表情代字", "in emoji"),
    "pinyin": ("谐音或拼音", "by sound"),
    "reversed": ("倒写", "backwards"),
    "shape": ("形近字", "in look-alike characters"),
    "swapped": ("换序", "with neighbours swapped"),
    "initials": ("拼音首字母", "in initials"),
}
_DECISIONS = {
    "allow": ("通过", "Nothing was found."),
    "mask": ("遮盖联系方式后通过", "Passes once the contact details are hidden."),
    "review": ("转人工复核", "A person should look at it."),
    "block": ("拦截", "Must not be published."),
}
#: Said instead of “nothing was found” where something was.
_OUTWEIGHED = (
    "通过：有上述词语，但不足以处理",
    "Passes: the words above are there, and they are not enough to act on.",
)


def report(text: str, verdict: Verdict, *, explain: bool = False) -> dict[str, Any]:
    """Return a verdict as plain data, offsets in characters of the original; with reasons if asked for."""
    data: dict[str, Any] = {
        "decision": verdict.decision,
        "score": verdict.score,
        "hits": [{"rule": h.rule.id, "start": h.start, "end": h.end, "view": h.view} for h in verdict.hits],
        "masks": [{"start": m.start, "end": m.end, "kind": m.kind} for m in verdict.masks],
    }
    if explain:
        data["reasons"] = reasons(text, verdict)
    return data


def reasons(text: str, verdict: Verdict) -> list[dict[str, Any]]:
    """Return a sentence for each rule that was broken, with its law, for the model if it spoke up, and the decision."""
    told: list[dict[str, Any]] = []
    seen: set[str] = set()
    for hit in verdict.hits:
        if hit.rule.id in seen:
            continue
        seen.add(hit.rule.id)
        written = text[hit.start : hit.end]
        view_zh, view_en = _VIEWS[hit.view]
        told.append(
            {
                "rule": hit.rule.id,
                "law": list(hit.rule.law),
                "zh": hit.rule.explain["zh"].replace("{term}", written) + f"（{view_zh}）",
                "en": hit.rule.explain["en"].replace("{term}", written) + f" ({view_en})",
            }
        )
    if verdict.model is not None and verdict.model >= 0.5:
        share = round(verdict.model * 100)
        told.append(
            {"zh": f"整体写法有 {share}% 像违规内容。", "en": f"As a whole it reads {share} % like what is forbidden."}
        )
    if verdict.part is not None and verdict.part.model >= 0.5:
        told.append(_of_part(text, verdict.part))
    zh, en = _OUTWEIGHED if verdict.hits and verdict.decision == "allow" else _DECISIONS[verdict.decision]
    told.append({"zh": zh + "。", "en": en})
    return told


def _of_part(text: str, part: Part) -> dict[str, Any]:
    """Return the sentence for a part that reads worse than the whole, with its place in the original."""
    written, share = text[part.start : part.end].strip(), round(part.model * 100)
    return {
        "start": part.start,
        "end": part.end,
        "zh": f"其中“{written}”这一段有 {share}% 像违规内容。",
        "en": f"A part of it, “{written}”, reads {share} % like what is forbidden.",
    }
