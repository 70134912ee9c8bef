"""The people of a demo shop. Their password is printed in the open, so they may sign in to a demo shop only."""

from __future__ import annotations

from dataclasses import dataclass

from xinka.accounts.staff_roles import StaffRole

#: Nobody else can have an address here: ``.example`` is nobody's (RFC 2606), so no confirmation ever arrives.
DEMO_DOMAIN = "demo.xinka.example"
PASSWORD = "try-the-xinka-demo"  # noqa: S105 - public on purpose


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to sign in as; ``role`` is their part in the team of ``merchant``."""

    name: str
    name_zh: str
    part: str
    part_zh: str
    merchant: str = ""
    role: str = ""
    staff_roles: tuple[StaffRole, ...] = ()

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{self.name.lower()}@{DEMO_DOMAIN}"


PEOPLE = (
    Person("Cy", "小晨", "buyer", "买家"),
    Person("Ada", "艾达", "merchant", "商家", merchant="xinghe", role="owner"),
    Person("Bo", "阿博", "clerk", "店员", merchant="xinghe", role="clerk"),
    Person("Dee", "迪迪", "operator", "运营", staff_roles=(StaffRole.OPERATOR,)),
    Person("Fei", "小飞", "finance", "财务", staff_roles=(StaffRole.FINANCE,)),  # so that four eyes can be tried
    Person("Rui", "小睿", "review", "审核", staff_roles=(StaffRole.REVIEW,)),
    Person("Sia", "小夏", "support", "客服", staff_roles=(StaffRole.SUPPORT,)),
    Person("Kai", "阿凯", "risk", "风控", staff_roles=(StaffRole.RISK,)),
)


def is_demo_person(email: str) -> bool:
    """Whether an account belongs to the demo."""
    return email.endswith(f"@{DEMO_DOMAIN}")
