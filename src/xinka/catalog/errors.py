"""What the catalogue says no with."""

from __future__ import annotations

from xinka.kernel.errors import Refusal


class NothingToSell(Refusal):
    """A product without a variant on sale cannot go on the shelf."""

    code = "nothing_to_sell"
    status = 409
    zh = "还没有在售的规格。先加一个规格和价格，再上架。"
    en = "There is no variant on sale. Add one with its price, then put the product on the shelf."


class ProductMovedOn(Refusal):
    """The product is in another state than the page showed."""

    code = "product_moved_on"
    status = 409
    zh = "商品状态已经变了，这一步没有执行。刷新后再看。"
    en = "The product is in another state now, so nothing was done. Reload the page."


class PricesMoved(Refusal):
    """Somebody changed one of the prices after the new ones were worked out."""

    code = "prices_moved"
    status = 409
    zh = "其中有价格刚刚被别人改过，所以一个都没有改。请重新预览。"
    en = "Somebody changed one of these prices just now, so none was changed. Look at the preview again."
