"""Templates of what is said in cases: somebody's own, and those that all who work beside them share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.db import transaction
from django.db.models import Q, QuerySet

from xinka.accounts.models import User
from xinka.disputes.errors import MayNotShare, TemplateNameTaken, TemplateNotFound, TooManyTemplates
from xinka.disputes.models import ReplyTemplate
from xinka.platform.audit.actions import record

#: Of somebody's own, and of those that are shared.
MOST_TEMPLATES = 30
LONGEST_NAME = 40
LONGEST_TEMPLATE = 2000
#: What stands in a template for what differs from case to case: in English, and the same in Chinese.
PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {"order": "订单号", "product": "商品", "amount": "金额", "deadline": "截止时间", "merchant": "商家"}
)
_ENGLISH = {chinese: english for english, chinese in PLACEHOLDERS.items()}
_SLOT = re.compile(r"\{\s*([^{}\s](?:[^{}\n]{0,22}[^{}\s])?)\s*\}")


def strange_placeholders(text: str) -> list[str]:
    """Return what stands in braces and is none of the placeholders, as it is written, in order."""
    return [found[0] for found in _SLOT.finditer(text) if _name(found[1]) not in PLACEHOLDERS]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in, all in one go: what a value itself says in braces stays as it is."""
    return _SLOT.sub(lambda found: values.get(_name(found[1]), found[0]), text)


def _name(typed: str) -> str:
    return _ENGLISH.get(typed, typed.lower())


@dataclass(frozen=True)
class Words:
    """What a template is called and says, in Chinese and in English; one of the two may say nothing."""

    name: str
    text: str
    text_en: str


@dataclass(frozen=True)
class Shelf:
    """The templates that one person sees: of staff, or of a merchant's team."""

    user: User
    merchant_id: int | None
    may_share: bool

    def all(self) -> list[ReplyTemplate]:
        """Return them by name, one's own first."""
        own, shared = self._own().order_by("name", "id"), self._shared().order_by("name", "id")
        return [*own, *shared]

    def one(self, template_id: int) -> ReplyTemplate:
        """Return one of them.

        Raises:
            TemplateNotFound: if it is gone, or somebody else's.
        """
        mine = Q(owner=self.user) | Q(owner=None)
        found = ReplyTemplate.objects.filter(mine, self._here, id=template_id).first()
        if found is None:
            raise TemplateNotFound
        return found

    def may_change(self, template: ReplyTemplate) -> bool:
        """Whether this person may change one that they see."""
        return self.may_share or not template.is_shared

    @transaction.atomic
    def add(self, words: Words, *, shared: bool, now: datetime) -> ReplyTemplate:
        """Write a new one; a shared one is in the audit.

        Raises:
            MayNotShare, TooManyTemplates, TemplateNameTaken: if there cannot be one.
        """
        if shared and not self.may_share:
            raise MayNotShare
        self._lock()
        beside = self._shared() if shared else self._own()
        _refuse_taken(beside, words.name)
        if beside.count() >= MOST_TEMPLATES:
            raise TooManyTemplates(most=MOST_TEMPLATES)
        made = ReplyTemplate(merchant_id=self.merchant_id, owner=None if shared else self.user)
        _write(made, words, now)
        self._tell("template.add", made)
        return made

    @transaction.atomic
    def change(self, template_id: int, words: Words, *, now: datetime) -> ReplyTemplate:
        """Give one another name or other words.

        Raises:
            TemplateNotFound, MayNotShare, TemplateNameTaken: if it cannot be so.
        """
        self._lock()
        found = self._mine_to_change(template_id)
        beside = self._shared() if found.is_shared else self._own()
        _refuse_taken(beside.exclude(id=found.pk), words.name)
        _write(found, words, now)
        self._tell("template.change", found)
        return found

    @transaction.atomic
    def drop(self, template_id: int) -> None:
        """Delete one; what was said with it stays said.

        Raises:
            TemplateNotFound, MayNotShare: if it is not this person's to delete.
        """
        found = self._mine_to_change(template_id)
        self._tell("template.delete", found)
        ReplyTemplate.objects.filter(id=found.pk).delete()

    def _mine_to_change(self, template_id: int) -> ReplyTemplate:
        found = self.one(template_id)
        if not self.may_change(found):
            raise MayNotShare
        return found

    @property
    def _here(self) -> Q:
        return Q(merchant=None) if self.merchant_id is None else Q(merchant=self.merchant_id)

    def _own(self) -> QuerySet[ReplyTemplate]:
        return ReplyTemplate.objects.filter(self._here, owner=self.user)

    def _shared(self) -> QuerySet[ReplyTemplate]:
        return ReplyTemplate.objects.filter(self._here, owner=None)

    def _lock(self) -> None:
        """Let one browser of somebody go at a time, or two at once would write one template too many."""
        User.objects.select_for_update(no_key=True).get(pk=self.user.pk)

    def _tell(self, act: str, template: ReplyTemplate) -> None:
        """Write down what was done to a template that others use, too; one's own is nobody's business."""
        if template.is_shared:
            subject = f"merchant {self.merchant_id}" if self.merchant_id else "shop"
            record(self.user, act, subject, name=template.name)


def forget_own(user: User, merchant_id: int | None = None) -> None:
    """Delete what somebody wrote for themselves, of one merchant's team if told: nobody else would ever see it.

    What they shared stays with those who use it, and names nobody.
    """
    own = ReplyTemplate.objects.filter(owner=user)
    (own if merchant_id is None else own.filter(merchant=merchant_id)).delete()


def _refuse_taken(beside: QuerySet[ReplyTemplate], name: str) -> None:
    if beside.filter(name__iexact=name).exists():
        raise TemplateNameTaken


def _write(template: ReplyTemplate, words: Words, now: datetime) -> None:
    template.name, template.text, template.text_en, template.changed_at = words.name, words.text, words.text_en, now
    template.save()
