"""What the log says no with; every parser here raises one of these and nothing else."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class MerkleError(Refusal):
    """Any refusal of the log, its verifiers and its witnesses."""

    code = "log_refused"
    zh = "日志操作没能完成。"
    en = "The log could not do this."


class BadFormat(MerkleError):
    """Bytes are not in the format they should be in: ``what`` names it, the rest says where it breaks."""

    code = "log_bad_format"
    status = HTTPStatus.BAD_REQUEST
    zh = "{what} 的格式不对：{why_zh}"
    en = "This is not a valid {what}: {why_en}"

    def __init__(self, what: str, why_en: str, why_zh: str) -> None:
        super().__init__(what=what, why_en=why_en, why_zh=why_zh)


class BadEntry(MerkleError):
    """An entry cannot be a leaf: it is not bytes, or longer than a bundle's 16-bit length can say."""

    code = "log_bad_entry"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "第 {place} 条记录不能写入：必须是不超过 65,535 字节的字节串。整批都没有写入。"
    en = "Entry {place} cannot be logged: it must be bytes, at most 65,535 of them. Nothing of the batch was logged."


class SignatureRefused(MerkleError):
    """No trusted key signed this note, or a trusted key's signature on it is wrong."""

    code = "log_signature_refused"
    status = HTTPStatus.FORBIDDEN
    zh = "没有受信任密钥的有效签名，内容不可信。请核对公钥和文件。"
    en = "No valid signature by a trusted key: do not believe it. Check the key and the file."


class WrongOrigin(MerkleError):
    """A checkpoint is of another log."""

    code = "log_wrong_origin"
    status = HTTPStatus.NOT_FOUND
    zh = "这是另一个日志“{found}”的检查点，不是“{wanted}”的。"
    en = "This checkpoint is of another log, “{found}”, not of “{wanted}”."


class ProofRefused(MerkleError):
    """A proof does not lead to the root it should lead to."""

    code = "log_proof_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "证明不成立：数据、位置或检查点被改动过。"
    en = "The proof does not hold: the data, the index or the checkpoint was changed."


class NoSuchEntry(MerkleError):
    """An index or a size is beyond the tree."""

    code = "log_no_such_entry"
    status = HTTPStatus.NOT_FOUND
    zh = "树里没有这一条：要的是 {asked}，树的大小是 {size}。"
    en = "The tree has no such entry: {asked} was asked for, its size is {size}."


class ResourceMissing(MerkleError):
    """A tile or bundle cannot be had: pruned, not copied, or the address is wrong."""

    code = "log_resource_missing"
    status = HTTPStatus.NOT_FOUND
    zh = "找不到 {path}。它可能已被清理、没有复制完整，或地址不对。"
    en = "{path} cannot be found. It was pruned, not copied, or the address is wrong."


class LogDamaged(MerkleError):
    """What is stored does not lead to the signed root, so nothing more is signed."""

    code = "log_damaged"
    status = HTTPStatus.CONFLICT
    zh = "日志已损坏：{path} 与已签名的根不符。请停止写入；日志的持有者可用 xinka log mend 修复，记录从镜像取回。"
    en = (
        "The log is damaged: {path} does not lead to the signed root. Stop writing; its keeper mends it with"
        " xinka log mend, and takes lost entries from a mirror."
    )


class TreeRolledBack(MerkleError):
    """A tree is smaller than, or inconsistent with, one that was signed or seen before."""

    code = "log_rolled_back"
    status = HTTPStatus.CONFLICT
    zh = "拒绝：这棵树（大小 {size}）不是已见过的树（大小 {known}）的延续，历史被改写或回退。"
    en = "Refused: this tree (size {size}) does not continue the one seen before (size {known}); history was rewritten."


class LogExists(MerkleError):
    """A log is already there."""

    code = "log_exists"
    status = HTTPStatus.CONFLICT
    zh = "这里已经有一个日志。若缺少 checkpoint 文件，运行 xinka log checkpoint DIR 会重新公布。"
    en = "There is already a log here. Should its checkpoint file be gone, xinka log checkpoint DIR publishes it again."


class WitnessMissing(MerkleError):
    """There is no witness here."""

    code = "witness_missing"
    status = HTTPStatus.NOT_FOUND
    zh = "这里没有见证人。请先用 xinka log witness DIR --create NAME 建立。"
    en = "There is no witness here. Make one with xinka log witness DIR --create NAME."


class LogMissing(MerkleError):
    """There is no log here."""

    code = "log_missing"
    status = HTTPStatus.NOT_FOUND
    zh = "这里没有日志。请先用 xinka log create 建立。"
    en = "There is no log here. Make one with xinka log create."


class LogBusy(MerkleError):
    """Another process writes to this log."""

    code = "log_busy"
    status = HTTPStatus.CONFLICT
    zh = "另一个进程正在写这个日志，请稍后再试。"
    en = "Another process is writing to this log; try again later."


class LogStopped(MerkleError):
    """A write failed or the log was closed; it must be opened again before anything else is written."""

    code = "log_stopped"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "日志已停止写入（已关闭，或上一次写盘失败）。请重新打开。"
    en = "The log has stopped: it was closed, or a write failed. Open it again."


class KeyUnusable(MerkleError):
    """A key file cannot be read, others can read it, or it is not a key of the kind needed."""

    code = "log_key_unusable"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "密钥不可用：{why_zh}"
    en = "The key cannot be used: {why_en}"

    def __init__(self, why_en: str, why_zh: str) -> None:
        super().__init__(why_en=why_en, why_zh=why_zh)


class QuorumMissing(MerkleError):
    """Too few of the policy's witnesses cosigned."""

    code = "log_quorum_missing"
    status = HTTPStatus.FORBIDDEN
    zh = "见证人签名不足：策略要求“{quorum}”。"
    en = "Too few witnesses cosigned: the policy wants “{quorum}”."


class WitnessRefused(MerkleError):
    """A witness answered with something other than a cosignature."""

    code = "log_witness_refused"
    status = HTTPStatus.BAD_GATEWAY
    zh = "见证人拒绝了（{answer}）：{said}"
    en = "The witness refused ({answer}): {said}"


class SourceFailed(MerkleError):
    """A log's address cannot be reached or answers nonsense; trying again may help."""

    code = "log_source_failed"
    status = HTTPStatus.BAD_GATEWAY
    zh = "读取 {path} 失败：{why}"
    en = "Reading {path} failed: {why}"
