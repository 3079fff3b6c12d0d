"""Every reason code that the outside can see, and the errors that carry one.

A code is stable: it stands in dead letters, in metrics' labels and in `--json` answers. What it means is written once,
here.
"""

import re
from reprlib import Repr
from typing import Final, Self

REASONS: Final[dict[str, str]] = {
    "not_json": "the value is not a JSON text",
    "not_object": "the value is JSON, but not an object",
    "too_large": "the value is longer than a scan may be",
    "too_deep": "the value nests deeper than a scan may",
    "null_value": "the record has no value",
    "duplicate_key": "a field stands twice in the object",
    "missing_field": "a field that every scan has is missing",
    "wrong_type": "a field has a value of the wrong type",
    "bad_parcel": "`parcel` is not 1 to 64 of A-Z a-z 0-9 . _ / -",
    "bad_name": "a site, device, container or id is too long or has control characters",
    "bad_seq": "`seq` is not a whole number in its range",
    "bad_data": "`data` is not an object, or is too large",
    "bad_time": "`time` is neither an ISO 8601 date and time nor epoch milliseconds in range",
    "no_zone": "`time` has no zone, and neither its site nor its vocabulary has one",
    "unknown_vocabulary": "the prefix of `event` is no vocabulary that is loaded",
    "unknown_event": "`event` is neither a canonical name nor a code of its vocabulary",
    "no_target": "a CORRECT or canonical UNDO without `target`",
    "reserved_field": "the scan has `received`, which only a gateway says",
    "no_identifier": "no format reads any of the barcodes",
    "ambiguous": "the barcodes can be read as more than one parcel",
    "bad_check_digit": "the barcode has the form of a known format, but its check digit is wrong",
    "too_many_names": "the partition's dictionary of sites, devices or codes is full",
    "bad_alias": "an announcement's `alias` is not 1 to 64 of A-Z a-z 0-9 . _ / -, or is the parcel itself",
    "wrong_site": "the scan names another site than the one that its sender's key is bound to",
}
"""Why a scan is rejected: code -> what it means."""

_MEND_SENDER: Final = "mend what the sender writes, and send the scan anew, as it should be"
REMEDIES: Final[dict[str, str]] = {
    "not_json": _MEND_SENDER,
    "not_object": _MEND_SENDER,
    "too_large": "have the sender leave out what no scan needs, and send it anew",
    "too_deep": "have the sender leave out what no scan needs, and send it anew",
    "null_value": "nothing: a record without a value says nothing; look at what sends it",
    "duplicate_key": _MEND_SENDER,
    "missing_field": _MEND_SENDER,
    "wrong_type": _MEND_SENDER,
    "bad_parcel": _MEND_SENDER,
    "bad_name": "give the site, device, container or id a shorter or a printable name at the sender, and send it anew",
    "bad_seq": _MEND_SENDER,
    "bad_data": "have the sender keep `data` below 1 KiB, and send it anew",
    "bad_time": "set the sender's clock, or the form of its times, and send it anew",
    "no_zone": "give the site's zone in the file TRACKER_SITE_ZONES, or its vocabulary one, and replay",
    "unknown_vocabulary": "add the vocabulary's file to the folder TRACKER_VOCABULARIES, and replay",
    "unknown_event": "if `detail` names what was meant, mend the sender; else add it in TRACKER_VOCABULARIES; replay",
    "no_target": "have the sender say in `target` what is taken back or corrected, and send it anew",
    "reserved_field": "have the sender leave out `received`, or call it otherwise, and send it anew",
    "no_identifier": "look whether TRACKER_BARCODES_OFF leaves the format out; then replay, or read the label again",
    "ambiguous": "name the own carriers in TRACKER_BARCODE_FIRST, or leave formats out by TRACKER_BARCODES_OFF; replay",
    "bad_check_digit": "if the label is of a format that `detail` names, read it again; of another, no format reads it",
    "too_many_names": "find what invents names of sites, devices or codes; then `tracker rebuild`, and replay",
    "bad_alias": "look at who writes announcements beside the workers, and mend that",
    "wrong_site": "set the site at the sender, or give it a key of that site, and send it anew",
}
"""What mends the cause of a rejection: code -> what to do. To replay is `tracker rejected replay`. Workers read
settings and vocabularies when they start."""

COMMAND_ERRORS: Final[dict[str, str]] = {
    "bad_vocabulary": "a vocabulary's file is not as it should be",
    "unknown_scheme": "no barcode format has this name",
    "bad_part": "a part of an identifier to be made is missing, or is not what its format accepts",
    "not_acknowledged": "the broker did not acknowledge every scan that was sent",
    "not_applied": "the workers did not apply what is in the log in time",
    "bad_ledger": "the file is not a ledger of sent scans",
    "bad_traffic": "simulated traffic of that kind cannot be made",
    "unknown_parcel": "no scan of the parcel has been applied",
    "unknown_rejected": "the topic of rejected scans holds no such scan",
    "bad_setting": "a setting has a value that it can't have",
    "no_kafka": "Kafka can't be reached, or refuses what was asked",
    "bad_topic": "a topic is missing, or has another partition count than the setting's",
    "no_gateway": "a gateway can't be reached, or what answers is none",
    "no_mqtt": "an MQTT broker can't be reached, or refuses what was asked",
    "unknown_topic": "an MQTT message came by a topic that is not subscribed to, or that names no right site or device",
    "no_redis": "Redis can't be reached, or refuses what was asked",
    "bad_redis": "Redis is too old, may evict, or keeps nothing",
    "embedded": "the embedded broker or Redis can't be started",
    "wrong_partitions": "the store was made with another partition count than the setting's",
    "wrong_version": "the store was made by a version of tracker that lays it out otherwise",
    "corrupt_record": "the store holds something that is no parcel's record, or lacks what a record names",
    "corrupt_dictionary": "a dictionary of a partition in the store is not one that a worker has written",
    "wrong_log": "the store was made from another topic or cluster than the one that is read",
    "wrong_type": "a key of ours in the store holds something that is not ours",
    "log_moved": "the log does not hold the offset from which the store is to go on",
    "corrupt_batch": "the log holds bytes that no broker stores",
    "large_batch": "the log holds a compressed batch whose records take more than they may",
    "rebuilding": "a rebuild of the partition was begun and has not ended",
    "mark_changed": "a partition was written between a person's look at it and the decision",
    "needs_rebuild": "store and log do not fit together, and only a rebuild mends that",
    "unavailable": "neither Kafka nor the gateway's spool can take what was sent; later they may",
    "over_budget": "a sender has sent more than he may",
    "no_key": "a request without a device key came to the gateway",
    "bad_key": "a device key is mistyped, unknown, revoked or has expired",
    "wrong_scope": "a device key does not allow what its holder wants to do",
    "unknown_key": "there is no device key with this id",
    "too_many_keys": "there are as many device keys as there may be, in all or of one holder",
}
"""What goes wrong besides: in commands, files, settings and servers. Code -> what it means."""

REASONS_OF_REQUESTS: Final[dict[str, str]] = {
    "malformed_request": "the request is not HTTP/1.1 as it should be",
    "no_such_path": "nothing is served at this path",
    "wrong_method": "the path does not have this method",
    "wrong_expectation": "the request expects what is not done here",
    "slow_request": "the request did not come in time",
    "large_body": "the body is longer than one may be",
    "wrong_content_type": "the body has a content type that is not read here",
    "wrong_encoding": "the body has a content encoding that is not read here",
    "bad_encoding": "the body is not what its content encoding says",
    "no_scans": "there is no scan in the body",
    "none_accepted": "every scan in the body was rejected",
    "bad_key_of_request": "`Idempotency-Key` is not 1 to 255 printable characters",
    "key_reused": "the same `Idempotency-Key` came with another body before",
    "key_in_flight": "a request with this `Idempotency-Key` is under way",
    "too_many_connections": "the server holds as many connections as it may",
    "overloaded": "the server has as much to do as it may have at once",
    "internal": "a fault of the server",
}
"""Why a request over HTTP is refused as a whole. Code -> what it means."""

REASONS_OF_EPCIS: Final[dict[str, str]] = {
    "bad_value": "a field of an EPCIS document or event has a value that the standard does not have there",
    "unknown_field": "a field of an EPCIS document or event is neither the standard's nor has a prefix",
    "bad_epc": "an EPC of a kind that is a parcel is not as its kind is",
    "no_such_capture": "there is no capture job with this id",
    "wrong_version_of_epcis": "a version of EPCIS or CBV is asked for that is not served",
    "not_served": "a part of EPCIS that is not served",
}
"""Why EPCIS is refused, where no reason of a scan or a request says it. Code -> what it means."""

MEANINGS: Final = {**REASONS, **COMMAND_ERRORS, **REASONS_OF_REQUESTS, **REASONS_OF_EPCIS}
"""All of them: the titles of problems (RFC 9457)."""


_REPR: Final = Repr()
# The longest name that can be right, a vocabulary's prefix and code, has 81 characters.
_REPR.maxstring = _REPR.maxother = 90


def shown(value: object) -> str:
    """What came from outside, for a message: its `repr`, with the middle cut out where it is long."""
    return _REPR.repr(value)


_LINE: Final = re.compile(r"tracker: error\[(\w+)\]: (.*)")
"""How a command prints its error: TrackerError.line."""


class TrackerError(Exception):
    """An error that a person is meant to read.

    Args:
        code: stable reason code.
        message: one sentence: what was expected, what came, and what to change.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def line(self) -> str:
        """The one line on standard error that a command ends with."""
        return f"tracker: error[{self.code}]: {' '.join(str(self).split())}"

    @classmethod
    def of_line(cls, line: str) -> Self | None:
        """The error that a command has ended with, by its line; None for any other line."""
        found = _LINE.fullmatch(line)
        return cls(found[1], found[2]) if found else None
