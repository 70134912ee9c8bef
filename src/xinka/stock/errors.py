"""What the stock room says no with."""

from __future__ import annotations

from xinka.kernel.errors import Refusal


class SkuTakesOneContent(Refusal):
    """Lines were sent to a SKU that gives every buyer the same content."""

    code = "sku_takes_one_content"
    status = 409
    zh = "这个规格给每位买家同一份内容，不能按行导入。请在「内容」里填写。"
    en = "This variant gives every buyer the same content, so it takes no list of codes. Enter the content instead."


class SkuTakesCodes(Refusal):
    """One content was sent to a SKU whose codes are sold once each."""

    code = "sku_takes_codes"
    status = 409
    zh = "这个规格的卡密每张只卖一次，请按行导入。"
    en = "Each code of this variant is sold once. Import a list of codes instead."


class NoteNotFound(Refusal):
    """A link about what is waited for that we never mailed."""

    code = "note_not_found"
    status = 404
    zh = "没有这个到货通知。请检查链接是否完整。"
    en = "There is no such note. Check that the link is complete."


class FileHoldsNothing(Refusal):
    """A stock file that is empty, or holds blank lines or the names of columns and no more."""

    code = "file_holds_nothing"
    status = 422
    zh = "这里面没有卡密：是空的，或者只有空行、列名。看看有没有保存好，再选一次；库存没有变动。"
    en = (
        "There is no code in it: it is empty, or has only blank lines or the names of columns. Look whether it was "
        "saved, then choose it again; the stock is as it was."
    )


class NoSuchSku(Refusal):
    """There is no such SKU."""

    code = "no_such_sku"
    status = 404
    zh = "没有编号为 {sku} 的规格。编号是商家后台该规格库存页网址末尾的数字。"
    en = "There is no SKU with the number {sku}. It is the last number in the address of its stock page at the desk."


class ImportNotWaiting(Refusal):
    """The import was confirmed, discarded or forgotten already."""

    code = "import_not_waiting"
    status = 409
    zh = "这次导入已经确认过，或者等得太久已删除。库存没有变动。"
    en = "This import was confirmed already, or it waited too long and was deleted. Stock did not change."


class NothingToUndo(Refusal):
    """The import is not over yet, or its codes are being withdrawn already."""

    code = "nothing_to_undo"
    status = 409
    zh = "这次导入还没结束，或者它的卡密正在撤下。库存没有变动，过一会儿再看这次导入的页面。"
    en = (
        "This import is not over yet, or its codes are being withdrawn already. Stock did not change; look at the page "
        "of the import again in a moment."
    )


class PreviewIsOld(Refusal):
    """The columns were chosen anew after the preview that was confirmed."""

    code = "preview_is_old"
    status = 409
    zh = "这次预览之后，列的选择又改过。什么都没有导入；请看过新的预览再确认。"
    en = "The columns were chosen anew after this preview. Nothing was imported; look at the new one and confirm that."


class ContentNotUsable(Refusal):
    """The content of a reusable SKU is empty or too long."""

    code = "content_not_usable"
    status = 422
    zh = "内容不能为空，最多 {limit:,} 字节（一个汉字 3 字节）。"
    en = "The content cannot be empty and may have {limit:,} bytes at most."


class NoRoomForFile(Refusal):
    """The disk that uploads lie on until they are imported is full."""

    code = "no_room_for_file"
    status = 507
    zh = "服务器的磁盘满了，文件没有收下，库存没有变动。请稍后再传；一直这样，请告诉本站的运营者。"
    en = (
        "The server's disk is full, so the file was not taken and the stock is as it was. Send it again later; "
        "if it stays so, tell whoever runs this shop."
    )
