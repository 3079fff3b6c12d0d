"""Acknowledgements go in the order of receipt, and over the connection by which the message came."""

from tracker.ingest.mqtt.window import Message, Window
from tracker.limits import MQTT_BATCH_BYTES_MAX, MQTT_BATCH_MESSAGES_MAX


def messages(count: int, connection: int = 1, qos: int = 1, size: int = 1) -> list[Message]:
    return [Message(connection, number, qos, "t", b"x" * size, 0) for number in range(1, count + 1)]


def test_a_message_waits_for_those_before_it() -> None:
    window = Window()
    first, second, third = messages(3)
    window.add([first, second, third])
    assert window.batch() == [first, second, third]
    second.settled = True
    assert window.acknowledged() == []
    first.settled = True
    assert window.acknowledged() == [first, second]
    third.settled = True
    assert window.acknowledged() == [third]
    assert window.unacknowledged == 0


def test_a_message_with_qos_0_is_taken_and_never_acknowledged() -> None:
    window = Window()
    window.add(messages(2, qos=0))
    assert len(window.batch()) == 2
    assert window.unacknowledged == 0
    assert window.acknowledged() == []


def test_what_waits_is_left_to_a_broker_that_knows_the_session() -> None:
    window = Window()
    promised, unpromised = messages(2), messages(1, qos=0)
    window.add([*promised, *unpromised])
    assert window.reconnected(session_present=True) == promised
    assert window.batch() == unpromised


def test_what_waits_is_taken_where_the_broker_has_forgotten_the_session() -> None:
    window = Window()
    window.add(waiting := messages(2))
    assert window.reconnected(session_present=False) == []
    assert window.batch() == waiting


def test_nothing_of_an_earlier_connection_is_acknowledged() -> None:
    window = Window()
    window.add(old := messages(2))
    window.batch()
    window.lost()
    window.reconnected(session_present=True)
    window.add(new := messages(2, connection=2))
    for message in [*old, *new]:
        message.settled = True
    assert window.acknowledged() == new


def test_a_batch_has_so_many_messages_and_no_more() -> None:
    window = Window()
    window.add(messages(MQTT_BATCH_MESSAGES_MAX + 1))
    assert len(window.batch()) == MQTT_BATCH_MESSAGES_MAX
    assert len(window.batch()) == 1
    assert window.batch() == []


def test_a_batch_has_so_many_bytes_or_one_message() -> None:
    window = Window()
    window.add(
        [*messages(2, size=MQTT_BATCH_BYTES_MAX // 2), *messages(1), *messages(1, size=2 * MQTT_BATCH_BYTES_MAX)]
    )
    assert [len(window.batch()) for _ in range(3)] == [2, 1, 1]
    assert window.batch() == []
