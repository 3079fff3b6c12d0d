"""Readers at the door: what they send in full is taken and answered in order, whatever their neighbours do."""

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Any, Final

import pytest

from tests.ingest.tcp.doors import WAIT_S, KeepingIntake, listener_of, opened, run
from tests.servers import Authority
from tracker.config import Address
from tracker.errors import TrackerError
from tracker.ingest.tcp.door import TcpDoor

pytestmark = pytest.mark.slow

SICK: Final = {"preset": "sick-lector"}
NUMBERED: Final = {
    "start": "<STX>",
    "end": "<ETX>",
    "separator": ";",
    "fields": ["sequence", "barcodes"],
    "ack": "<STX>{sequence};OK<ETX>",
    "nak": "<STX>{sequence};NO<ETX>",
}


def test_a_reader_needs_no_answer_and_what_it_reads_is_taken() -> None:
    async def scenario() -> None:
        async with opened(**SICK, device="T3") as door:
            reader = await door.reader()
            await reader.send(b"\x02RR123456785KZ\x03\x02NoRead\x03")
            await door.until(lambda: door.counts.no_reads == 1)
            (scan,) = door.intake.scans
            assert {name: scan[name] for name in ("barcode", "event", "site", "device")} == {
                "barcode": "RR123456785KZ",
                "event": "SORTED",
                "site": "KZALAA",
                "device": "T3",
            }
            await reader.silence()
            counts = door.counts
            assert (counts.frames, counts.scans, counts.bytes, counts.connections) == (2, 1, 23, 1)

    run(scenario())


def test_an_answer_comes_only_when_the_scan_is_safe_and_answers_come_in_order() -> None:
    async def scenario() -> None:
        async with opened(**NUMBERED) as door:
            door.intake.opened.clear()
            reader = await door.reader()
            await reader.send(b"\x020001;A\x03")
            await door.until(lambda: door.intake.tries == 1)
            await reader.send(b"\x020002;B\x03\x020003;\x03\x020004;C\x03")
            await reader.silence()
            door.intake.opened.set()
            assert await reader.answer(4 * 9) == b"".join(b"\x02000%d;OK\x03" % number for number in (1, 2, 3, 4))
            # What came while the first was on its way was handed on together.
            assert door.intake.bodies == [1, 2]
            assert door.intake.barcodes == ["A", "B", "C"]

    run(scenario())


def test_a_frame_sent_again_is_the_same_scan() -> None:
    async def scenario() -> None:
        async with opened(**NUMBERED) as door:
            reader = await door.reader()
            await reader.send(b"\x020001;A\x03")
            await reader.answer(9)
            await asyncio.sleep(0.02)
            again = await door.reader()
            await again.send(b"\x020001;A\x03\x020002;A\x03")
            await again.answer(18)
            first, copy, second_pass = door.intake.scans
            assert copy == first
            assert second_pass["time"] > first["time"]

    run(scenario())


def test_scans_that_can_not_be_taken_are_answered_so_and_sent_again() -> None:
    async def scenario() -> None:
        async with opened(**NUMBERED) as door:
            door.intake.is_down = True
            reader = await door.reader()
            await reader.send(b"\x020001;A\x03")
            assert await reader.answer(9) == b"\x020001;NO\x03"
            door.intake.is_down = False
            await reader.send(b"\x020001;A\x03")
            assert await reader.answer(9) == b"\x020001;OK\x03"
            assert door.intake.barcodes == ["A"]
            assert door.counts.held == 1

    run(scenario())


@pytest.mark.parametrize("closes", [False, True])
def test_scans_of_a_reader_that_is_not_answered_wait_until_they_can_be_taken(*, closes: bool) -> None:
    async def scenario() -> None:
        async with opened(**SICK) as door:
            door.intake.is_down = True
            reader = await door.reader()
            await reader.send(b"\x02A\x03")
            await door.until(lambda: door.intake.tries == 1)
            await reader.send(b"\x02B\x03")
            if closes:
                await reader.close()
            door.intake.is_down = False
            await door.until(lambda: door.intake.barcodes == ["A", "B"])

    run(scenario())


def test_a_reader_is_made_to_wait_while_nothing_can_be_taken() -> None:
    async def scenario() -> None:
        async with opened(end="<LF>") as door:
            door.intake.opened.clear()
            reader = await door.reader()
            sent = 0
            line = b"x" * 99 + b"\n"
            with contextlib.suppress(TimeoutError):
                while sent < 1_000_000:
                    await asyncio.wait_for(reader.send(line * 1_000), 0.3)
                    sent += 1_000
            assert sent < 1_000_000
            assert door.counts.bytes < 2_000_000
            door.intake.opened.set()
            reader.writer.write_eof()
            await door.until(lambda: len(door.intake.scans) >= sent)
            assert await reader.end() == b""

    run(scenario())


def test_a_rejected_scan_is_acknowledged_unless_the_settings_say_otherwise() -> None:
    async def scenario(expected: list[bytes], **keys: Any) -> None:
        async with opened(**NUMBERED, **keys) as door:
            door.intake.rejects = lambda scan: scan["barcode"] == "B"
            door.intake.opened.clear()
            reader = await door.reader()
            await reader.send(b"\x020;X\x03")
            await door.until(lambda: door.intake.tries == 1)
            await reader.send(b"\x021;A\x03\x022;B\x03\x023;C\x03")
            door.intake.opened.set()
            answers = await reader.answer(24)
            assert answers.split(b"\x03")[1:4] == expected
            assert (door.counts.scans, door.counts.rejected) == (4, 1)

    run(scenario([b"\x021;OK", b"\x022;OK", b"\x023;OK"]))
    run(scenario([b"\x021;OK", b"\x022;NO", b"\x023;OK"], rejected_answer="nak"))


def test_a_bad_frame_is_answered_so_and_its_neighbours_are_taken() -> None:
    async def scenario() -> None:
        async with opened(**NUMBERED, checksum="xor", checksum_form="hex") as door:
            reader = await door.reader()
            await reader.send(b"\x021;A4B\x03\x022;B00\x03noise\x023;C4B\x03")
            assert await reader.answer(3 * 6) == b"\x021;OK\x03\x022;NO\x03\x023;OK\x03"
            assert door.counts.bad == {"bad_checksum": 1, "stray": 1}
            assert door.intake.barcodes == ["A", "C"]

    run(scenario())


def test_heartbeats_are_answered_and_silence_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with opened(**SICK, heartbeats=["HB"], heartbeat_answer="<STX>HB<ETX>", silence_s=1) as door:
            await door.until(lambda: door.counts.is_silent)
            assert door.door.troubles == ["tunnel"]
            reader = await door.reader()
            await reader.send(b"\x02HB\x03")
            assert await reader.answer(4) == b"\x02HB\x03"
            await door.until(lambda: not door.counts.is_silent)
            assert door.door.troubles == []
            assert door.counts.heartbeats == 1

    with caplog.at_level("INFO", "tracker"):
        run(scenario())
    assert "tcp tunnel: silent for 1 s" in caplog.text
    assert "tcp tunnel: heard again" in caplog.text


def test_a_pause_ends_a_frame() -> None:
    async def scenario() -> None:
        async with opened(end_pause_ms=50) as door:
            reader = await door.reader()
            await reader.send(b"RR1234")
            await reader.send(b"56785KZ")
            await door.until(lambda: door.intake.barcodes == ["RR123456785KZ"])
            await reader.send(b"UA123456785KZ")
            await reader.close()
            await door.until(lambda: door.intake.barcodes[1:] == ["UA123456785KZ"])

    run(scenario())


def test_a_reader_that_sends_and_closes_at_once_is_answered() -> None:
    async def scenario() -> None:
        async with opened(end="<CR>", ack="<ACK>") as door:
            reader = await door.reader()
            await reader.send(b"A\rB\r")
            reader.writer.write_eof()
            assert await reader.end() == b"\x06\x06"
            assert door.intake.barcodes == ["A", "B"]
            await door.until(lambda: door.counts.connections == 0)

    run(scenario())


def test_when_it_closes_what_came_in_full_is_answered() -> None:
    async def scenario() -> None:
        async with opened(end="<CR>", ack="<ACK>") as door:
            door.intake.opened.clear()
            reader = await door.reader()
            await reader.send(b"A\r")
            await door.until(lambda: door.intake.tries == 1)
            await reader.send(b"B\rhalf")
            await door.until(lambda: door.counts.bytes == 8)
            closing = asyncio.create_task(door.door.close(WAIT_S))
            await asyncio.sleep(0.05)
            door.intake.opened.set()
            assert await reader.end() == b"\x06\x06"
            await closing
            assert door.intake.barcodes == ["A", "B"]
            assert door.counts.bad == {"unfinished": 1}

    run(scenario())


def test_what_can_not_be_taken_when_it_closes_is_given_up_and_not_answered() -> None:
    async def scenario() -> None:
        async with opened(end="<CR>", ack="<ACK>") as door:
            door.intake.is_down = True
            reader = await door.reader()
            await reader.send(b"A\r")
            await door.until(lambda: door.intake.tries == 1)
            await door.door.close(0.05)
            assert await reader.end() == b""

    run(scenario())


def test_a_reader_is_connected_to_and_connected_to_again() -> None:
    async def scenario() -> None:
        greeted = asyncio.Queue[bytes]()

        async def reader(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            greeted.put_nowait(await stream.readexactly(4))
            writer.write(b"RR123456785KZ\r\nNO-READ\r\n")
            writer.close()

        server = await asyncio.start_server(reader, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        keys = {"listen": None, "connect": f"127.0.0.1:{port}", "preset": "cognex-dataman", "hello": "LON<CR>"}
        async with opened(**keys) as door, server:
            assert await greeted.get() == b"LON\r"
            assert await greeted.get() == b"LON\r"
            await door.until(lambda: len(door.intake.scans) == 2)
            assert door.counts.no_reads == 2

    run(scenario())


def test_a_reader_that_is_not_there_is_tried_again() -> None:
    async def scenario() -> None:
        async with opened(listen=None, connect="127.0.0.1:1", end="<CR>") as door:
            await door.until(lambda: door.counts.refused["unreachable"] >= 2)
            assert door.door.troubles == ["tunnel"]

    run(scenario())


def test_only_who_is_allowed_may_connect() -> None:
    async def scenario() -> None:
        async with opened(**SICK, allow=["10.0.0.0/8", "::1"]) as door:
            reader = await door.reader()
            assert await reader.end() == b""
            assert door.counts.refused == {"not_allowed": 1}
        async with opened(**SICK, allow=["10.0.0.0/8", "127.0.0.1"]) as door:
            reader = await door.reader()
            await reader.send(b"\x02A\x03")
            await door.until(lambda: door.intake.barcodes == ["A"])

    run(scenario())


def test_a_listener_on_every_address_takes_both_kinds_and_allows_both() -> None:
    async def scenario() -> None:
        for host, allow in (("::", ["127.0.0.0/8"]), ("::1", ["::1"]), ("localhost", [])):
            listener = listener_of(**SICK, allow=allow)
            object.__setattr__(listener, "listen", Address(host, 0))
            intake = KeepingIntake()
            door = TcpDoor([listener], intake)
            await door.start()
            target = "127.0.0.1" if host == "::" else host
            _, writer = await asyncio.open_connection(target, door.port("tunnel"))
            writer.write(b"\x02A\x03")
            writer.write_eof()
            async with asyncio.timeout(WAIT_S):
                while not intake.scans:  # noqa: ASYNC110  What is looked at is counted, not told.
                    await asyncio.sleep(0.005)
            writer.close()
            await writer.wait_closed()
            await door.close(WAIT_S)

    run(scenario())


def test_it_closes_while_a_reader_is_made_to_wait() -> None:
    async def scenario() -> None:
        async with opened(end="<LF>", ack="<ACK>") as door:
            door.intake.opened.clear()
            reader = await door.reader()
            reader.writer.write(b"x\n" * 500_000)
            await door.until(lambda: door.counts.bytes > 1_000 and door.intake.tries == 1)
            await asyncio.sleep(0.1)
            closing = asyncio.create_task(door.door.close(WAIT_S))
            await asyncio.sleep(0.05)
            door.intake.opened.set()
            answers = await reader.end()
            await closing
            assert len(answers) == len(door.intake.scans) > 1_000
            assert door.counts.closed == {"ending": 1}

    run(scenario())


def test_an_address_that_is_taken_is_refused_by_name_and_nothing_is_left_started() -> None:
    async def scenario() -> None:
        async with opened(**SICK) as door:
            port = door.door.port("tunnel")
            free = listener_of(**SICK, name="free")
            taken = listener_of(**SICK, name="taken")
            object.__setattr__(taken, "listen", taken.listen and taken.listen._replace(port=port))
            other = TcpDoor([free, taken], KeepingIntake())
            with pytest.raises(TrackerError, match="'taken': listen: expected an address that is free to listen on"):
                await other.start()
            with pytest.raises(OSError, match="Bad file descriptor"):
                other.port("free")

    run(scenario())


def test_readers_that_show_a_certificate_are_taken_over_tls(authority: Authority, unknown_authority: Authority) -> None:
    server = authority.server()
    keys = {
        "tls": True,
        "certificate": str(server.certificate),
        "key": str(server.encrypted_key),
        "ca": str(authority.certificate),
    }

    async def scenario() -> None:
        async with opened(end="<CR>", ack="<ACK>", **keys) as door:
            stranger = await door.reader(ssl=_context(authority, unknown_authority))
            await stranger.send(b"X\r")
            assert await stranger.end() == b""
            reader = await door.reader(ssl=_context(authority, authority))
            await reader.send(b"A\r")
            assert await reader.answer(1) == b"\x06"
            assert door.intake.barcodes == ["A"]
            assert door.counts.refused == {"tls": 1}
            plain = await door.reader()
            await plain.send(b"RR123456785KZ\r")
            await plain.end()
            assert door.intake.barcodes == ["A"]
            assert door.counts.refused == {"tls": 2}

    password = Path(server.key).parent / "password"
    password.write_text(server.password)
    keys["key_password_file"] = str(password)
    run(scenario())
    password.write_text("canary")
    with pytest.raises(TrackerError, match="key_password_file: expected the password of ") as caught:
        run(scenario())
    assert "canary" not in str(caught.value)


def _context(trusted: Authority, shown: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(trusted.certificate))
    client = shown.client("reader")
    context.load_cert_chain(client.certificate, client.key)
    return context


def test_a_reader_is_connected_to_over_tls(authority: Authority) -> None:
    server = authority.server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)

    async def scenario() -> None:
        async def reader(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"A\r\n")

        listening = await asyncio.start_server(reader, "127.0.0.1", 0, ssl=context)
        port = listening.sockets[0].getsockname()[1]
        keys = {"listen": None, "connect": f"127.0.0.1:{port}", "tls": True, "ca": str(authority.certificate)}
        async with opened(preset="cognex-dataman", **keys) as door, listening:
            await door.until(lambda: door.intake.barcodes == ["A"])

    run(scenario())


def test_frames_of_many_parcels_are_handed_on_in_bodies_that_are_bounded() -> None:
    async def scenario() -> None:
        async with opened(end="<LF>", code_separator=";", each_code=True, ack="<ACK>") as door:
            door.intake.opened.clear()
            reader = await door.reader()
            await reader.send(b"A\n")
            await door.until(lambda: door.intake.tries == 1)
            await reader.send((b"A;" * 400 + b"A\n") * 6)
            await door.until(lambda: door.counts.bytes == 2 + 6 * 802)
            door.intake.opened.set()
            assert await reader.answer(7) == b"\x06" * 7
            assert door.intake.bodies == [1, 1203, 1203]

    run(scenario())
