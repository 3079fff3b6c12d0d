"""Every bound on what comes in and on what is kept, by topic, each with its reason.

Tests try each at the limit and one past it.

Three kinds of bounds stand where they are used: pauses and timeouts of one exchange, how much is asked of a server at
once, and what a standard or a layout says (the length of a GS1 value, the bits of a record).
"""

from typing import Final

# A scan, as it comes.

SCAN_BYTES_MAX: Final = 65_536
"""Length of a scan's JSON. A scan with ten labels and 1 KiB of data has 3 KB; more than 64 KiB is no scan."""

SCAN_DEPTH_MAX: Final = 32
"""Nesting of a scan's JSON. A scan has 2 levels, EPCIS extensions a few more; a parser's stack isn't for senders."""

PARCEL_ID_BYTES_MAX: Final = 64
"""Length of a parcel id. The longest licence plate (ISO/IEC 15459) has 35 characters."""

SITE_BYTES_MAX: Final = 128
"""Length of a site's name in UTF-8. IMPC codes have 6, the longest place in real histories 48."""

DEVICE_BYTES_MAX: Final = 64
"""Length of a device's name in UTF-8."""

CONTAINER_BYTES_MAX: Final = 64
"""Length of a container's id. A receptacle (UPU S9) has 29."""

ID_BYTES_MAX: Final = 256
"""Length of a given event id or target. An EPCIS content hash (`ni:///sha-256;...`) has 88."""

DATA_BYTES_MAX: Final = 1_024
"""Length of `data` as JSON."""

SEQ_MAX: Final = 2**48 - 2
"""Largest device sequence number. Six bytes in the record; epoch milliseconds, which some devices count by, fit."""

STAMP_BYTES_MAX: Final = 512
"""What a gateway may add to a scan: when it was received, and the site and device of who sent it, each of whose bytes
may take two in JSON. A scan that comes through a gateway is shorter than SCAN_BYTES_MAX by that."""

BODY_SCANS_MAX: Final = 10_000
"""Scans that one request brings. A scanner that was offline for a week has as many; each that is refused takes 20 us,
and a list of them with their reasons a few MB."""

# Its time.

TIME_MS_MAX: Final = 253_402_300_799_999
"""Latest event time: 9999-12-31T23:59:59.999Z, the end of RFC 3339. The earliest is the epoch."""

EPOCH_SECONDS_MIN: Final = 100_000_000
"""Least whole number of a time that looks like seconds: of 1973, nine digits. In milliseconds it is 2 January 1970, and
no clock that was reset runs on for long before it is set; smaller numbers are taken for such a clock's."""

EPOCH_SECONDS_MAX: Final = 9_999_999_999
"""Greatest such number: of 2286, ten digits. In milliseconds it is April 1970."""

CLOCK_SKEW_MS_MAX: Final = 5 * 60 * 1_000
"""How far an event time may stand after it was received before it is clamped (docs/fold.md, section 1). A clock
that is set once a day is off by seconds; one that is off by more than minutes is wrong."""

CLOCK_BEHIND_MS: Final = 180 * 24 * 3_600 * 1_000
"""How long after its time a scan must come to be received late (docs/fold.md, section 1). A scanner is offline for
OFFLINE_DAYS_MAX at most, and a clock whose year is wrong is a year behind, less a parcel's way."""

CLOCK_RESET_BEFORE_MS: Final = 1_104_537_600_000
"""2005-01-01T00:00Z. Clocks that lost their battery begin in 1970, 1980, 1999 or 2000; nobody has scans of then."""

BEHIND_EVENTS_MAX: Final = 3
"""Events of one device that may be put down to its clock. More of them are a history, if somebody had scans then."""

OFFLINE_DAYS_MAX: Final = 30
"""How long a scanner may hold scans back before it sends them. A parcel's record must outlive that and the log."""

# Its barcodes.

BARCODE_BYTES_MAX: Final = 4_096
"""Length of one read. A QR Code holds 4,296 characters at most, a Digital Link URI 2 KB."""

BARCODES_MAX: Final = 32
"""Labels that one scan may carry. A tunnel sees six sides with a handful each."""

ELEMENTS_MAX: Final = 64
"""GS1 elements of one symbol, or fields of an ISO 15434 message. GS1's own engine takes as many; a label has ten."""

SEPARATORS_MAX: Final = 8
"""Ways in which the devices of a site may write GS. A site has a few kinds of devices."""

SEPARATOR_BYTES_MAX: Final = 8
"""Length of one. Six write any character: `\\u001d`."""

ALIASES_MAX: Final = 8
"""Other keys of a parcel that one scan gives. A parcel through three carriers' hands has three numbers, seldom four."""

ALIAS_PARCELS_MAX: Final = 16
"""Parcels that are found under one other label. A number used again has two or three, a test label thousands."""

# Vocabularies.

VOCABULARY_BYTES_MAX: Final = 1_048_576
"""Length of a vocabulary's file. The largest that is shipped has 988 codes and 77 KB; a megabyte is a mistake."""

VOCABULARY_PREFIX_CHARS_MAX: Final = 16
"""Length of a vocabulary's prefix. The longest that is shipped has 9."""

CODE_CHARS_MAX: Final = 64
"""Length of a code in a vocabulary, without its prefix. The longest in real feeds have 41."""

VOCABULARY_SOURCES_MAX: Final = 8
"""Sources that a vocabulary's file names. A carrier documents its codes in one place, or in a few."""

NEAREST_MAX: Final = 3
"""Codes that the detail of an unknown one suggests. One of them is what was meant, or none is."""

# A parcel.

EVENTS_MAX: Final = 128
"""Events that a parcel's record keeps. Real parcels have 5 to 40; beyond 128 it is a test label or a loop."""

EVENTS_KEPT_NEWEST: Final = 80
"""Of a cut history: its newest events. With the newest of each of KINDS_MAX kinds among the rest that is 128."""

KINDS_MAX: Final = 48
"""Kinds that the machine may have, UNDO and CORRECT among them: of a cut history the newest of each is kept."""

REREAD_WINDOW_MS: Final = 30 * 1_000
"""Within which the same code at the same place is a re-read of the same pass through a tunnel."""

REOPEN_MS: Final = 8 * 3_600 * 1_000
"""How soon after a delivery a round or a movement is a late record rather than a second try. Clocks that are set to
another zone are off by as many hours, and the next round begins the next morning."""

LIFE_GAP_MS: Final = 365 * 24 * 3_600 * 1_000
"""Silence after which the same number is another parcel. UPU S10: no re-use within 12 months."""

# A partition.

PARTITIONS_MAX: Final = 1_024
"""Partitions of the topic `scans`. Each is a Redis key slot, a fetch buffer and a cache; 64 are enough for most."""

SOURCES_MAX: Final = 1_000_000
"""Pairs of site and device in a partition's dictionary. A national operator has 100,000 devices; more is garbage."""

CODES_MAX: Final = 65_535
"""Codes in a partition's dictionary: two bytes in the record."""

BATCH_SCANS_MAX: Final = 5_000
"""Scans that are applied at once. Fewer than 500 cost Redis half as much again each; more only wait for one another."""

CHANGES_PARCELS_MAX: Final = 20_000
"""Changed parcels that a partition's stream of changes holds, about: 300 KB. Who is further behind reads parcels."""

CHANGES_BATCHES_MIN: Final = 4
"""Batches that the stream of changes holds at least, however large."""

CHANGES_BATCHES_MAX: Final = 1_000
"""The same at most, however small."""

# Kafka.

BATCH_BYTES_MAX: Final = 4 * 1_048_576
"""Length of a record batch in `scans`. Producers send 1 MB; a value of 2 MB must arrive, to be rejected."""

INFLATED_BYTES_MAX: Final = 8 * BATCH_BYTES_MAX
"""What the records of one compressed batch may take, unless the settings say otherwise. JSON shrinks to a tenth, scans
that are all alike to a thirtieth; a megabyte that becomes a gigabyte must not take the worker's memory."""

RECORD_BYTES_MAX: Final = 4 * 1024 * 1024
"""Longest record that is handed to Kafka. Far above SCAN_BYTES_MAX: the worker, not the sender, says what is wrong."""

QUEUE_SCANS_MAX: Final = 100_000
"""Scans that a producer holds unacknowledged. At 100,000 scans/s it is a second; beyond it the sender waits."""

QUEUE_KIB_MAX: Final = 65_536
"""The same in KiB of keys and values: 64 MiB, so that thousands of lines of 2 MB wait instead of filling the memory."""

DETAIL_BYTES_MAX: Final = 1_000
"""Length of the header `detail` of a dead letter. It is for a person to read; the value itself stands beside it."""

REJECTED_RETENTION_HOURS_MIN: Final = 30 * 24
"""How long `scans.rejected` is kept at least: long enough to mend the cause and replay."""

REJECTIONS_LISTED_MAX: Final = 100_000
"""Rejected scans that one list has. Each takes half a kilobyte; more are read from the topic by a program."""

REJECTIONS_FOLLOWED_MAX: Final = 20
"""How often a scan that is rejected again and again is followed back. Each step reads the topic of rejected scans."""

SEARCH_BYTES_MAX: Final = 1 << 30
"""The most that one search for a parcel's scans reads of a partition: what a fast broker gives in some ten seconds."""

# What makes scans durable in the gateway.

ACKNOWLEDGED_S_MAX: Final = 2.0
"""How long Kafka may take to acknowledge a request before it goes to the spool. A healthy one takes 10 ms, one whose
leader changes seconds, and a scanner waits for its answer."""

DELIVERY_S_MAX: Final = 10.0
"""How long librdkafka tries to deliver a record. What takes longer is in the spool meanwhile, and sent from there."""

DRAIN_RECORDS_MAX: Final = 5_000
"""Records of the spool that are on their way to Kafka at once. More would make new requests wait behind them."""

DRAIN_BYTES_MAX: Final = 1_048_576
"""The same in bytes, as they stand in the spool."""

SPOOL_GROUP_MAX: Final = 1_000
"""Requests that share a commit of the spool. A commit takes some 5 ms, for one request or for many."""

SPOOL_S_MAX: Final = 10.0
"""How long the spool's disk may take for a request. A commit takes milliseconds; a disk that hangs must not hold
every sender."""

SPOOLED_S_MAX: Final = 60
"""How long scans may wait in the spool until their gateway counts as ill. A drain of what a short outage left is over
by then."""

SPOOL_SHRINK_PAGES: Final = 2_000
"""Pages, of 4 KiB, that are given back to the disk at once: some 10 ms, in which nothing is spooled."""

# Readers that send over TCP (docs/tcp.md).

SOURCES_BYTES_MAX: Final = 1_048_576
"""Length of the file of sources. A listener takes some 300 bytes."""

SOURCES_LISTED_MAX: Final = 1_000
"""Sources in that file. A sorting centre has a few dozen readers."""

SOURCE_NAME_CHARS_MAX: Final = 64
"""Length of a source's name: a device's too, which it names unless the file says otherwise."""

TCP_FRAME_BYTES_MAX: Final = 16_384
"""Length of a reader's frame, unless its listener says otherwise. Ten labels with their places are 2 KB."""

TCP_FRAME_BYTES_LIMIT: Final = 65_536
"""What a listener may say: a scan's JSON has no more room either."""

TCP_CODES_MAX: Final = 1_024
"""Codes in one frame whose codes are parcels of their own. A portal of RFID reports some hundred tags at once."""

TCP_SEQUENCE_CHARS_MAX: Final = 64
"""Length of a frame's sequence number, which is echoed. The longest are UUIDs with 36."""

TCP_BATCH_FRAMES_MAX: Final = 1_000
"""Frames of a connection that are handed on at once. With more, the first one waits for the last one's JSON."""

TCP_BATCH_SCANS_MAX: Final = 1_000
"""Scans after which no further frame is handed on with them. The last frame may have TCP_CODES_MAX more."""

TCP_WAITING_BYTES_MAX: Final = 262_144
"""What frames of a connection may take in memory, while they wait; then it is not read until half are handed on."""

TCP_RESENDS_MAX: Final = 4_096
"""Frames of a listener by whose sequence number a resend is known. A tunnel sends three a second."""

TCP_PART_S_MAX: Final = 1.0
"""Seconds that a reader has to read its last answers and to close, once it is told that nothing more comes."""

TCP_PAUSE_S_MAX: Final = 5
"""Seconds after which scans that could not be taken are tried again, however long the answer says."""

TCP_CONNECTIONS_LIMIT: Final = 10_000
"""Connections that a listener may be told to hold at once; each takes a file descriptor."""

TCP_ANSWER_S_MAX: Final = 30
"""Seconds that a reader may leave its answers unread before it is closed."""

TCP_HANDSHAKE_S_MAX: Final = 10
"""Seconds that a TLS handshake, or connecting to a reader, may take."""

# Redis.

CONNECTING_MAX: Final = 32
"""Connections to Redis that one event loop opens at once. Between two TLS handshakes, of a millisecond each, it does
other things; and a kernel holds some hundred connections that a server has not taken yet."""

READ_CONNECTIONS_MAX: Final = 16
"""Connections to Redis that one event loop reads parcels over. It makes some 3,000 round trips a second; where one
takes 5 ms, that keeps 15 busy. With 64 the loop is busy with connections and reads half as many."""

# Who may send to the gateway.

KEYS_MAX: Final = 200_000
"""Device keys in their topic, open and closed ones. A national operator has 100,000 devices; each key takes half a
kilobyte of a gateway's memory, and 200,000 are read in some seconds when it starts."""

KEYS_OPEN_MAX: Final = 2
"""Open keys of one holder: the one in use, and the one that takes its place."""

KEY_CLOSED_DAYS_MAX: Final = 90
"""How long a revoked or expired key is known as such. Whoever still uses it has been told so for months."""

BUDGET_BURST_S: Final = 600
"""So many seconds of a budget may be sent at once. A scanner that was out of reach for hours comes with all it has."""

BUDGETED_SENDERS_MAX: Final = 100_000
"""Senders whose budgets are counted at once, some 100 MB where all have one of parcels. As many devices has a national
operator, and not all at one gateway."""

REJECTED_KEPT_BURST: Final = 1_000
"""Rejected scans that a sender may leave in the topic of rejected scans at once. The first ones show what is wrong."""

REJECTED_KEPT_PER_S: Final = 1
"""How fast he may leave more: 86,400 a day of a device that does nothing else."""

SKEW_SAMPLES: Final = 9
"""Differences between a device's clock and ours of which the median counts."""

SKEW_STEADY_MS_MAX: Final = 5_000
"""How far from their median most of them may be. Requests seldom wait longer on their way."""

SKEW_TOLD_MS_MIN: Final = 30_000
"""From which difference on it is told of. A clock that is set once a day is off by seconds."""

SKEWED_DEVICES_MAX: Final = 20_000
"""Devices whose clocks are compared, half a kilobyte each."""

ACCOUNT_BYTES_MAX: Final = 64
"""Length of an account's name in UTF-8."""

WRONG_KEYS_BURST: Final = 20
"""Wrong keys that an address may show at once, each answered with what is wrong. A site whose key was revoked has a few
devices that try again."""

WRONG_KEYS_PER_S: Final = 0.2
"""How fast it may show more. A device that tries every few seconds still reads why it is refused."""

WRONG_KEY_ADDRESSES_MAX: Final = 10_000
"""Addresses whose wrong keys are counted, some 2 MB. Who has more of them is slowed down by what each request costs."""

# MQTT.

MQTT_TOPIC_BYTES_MAX: Final = 1_024
"""Length of a topic that is subscribed to. MQTT takes 65,535; a site and a device have 192 together."""

MQTT_PACKET_BYTES_MAX: Final = 9 * 1_024 * 1_024
"""Length of a packet that a broker may send (MQTT 5): a body of BODY_BYTES_MAX, its topic and its properties. MQTT
takes 256 MiB, and a broker would send one that takes all memory again and again."""

MQTT_BATCH_MESSAGES_MAX: Final = 1_000
"""Messages that are taken together. More of them only wait for one another."""

MQTT_BATCH_BYTES_MAX: Final = 1_024 * 1_024
"""The same in bytes. One message may have more, and is taken alone."""

MQTT_HELD_MESSAGES_MAX: Final = 4_000
"""Messages that a broker has sent and that are not taken yet. With QoS 1 it holds back by itself; with QoS 0, or over a
reconnection, it may send more: then nothing more is read of it."""

MQTT_HELD_BYTES_MAX: Final = 64 * 1_024 * 1_024
"""The same in bytes: while nothing can be taken, messages stay with the broker and not in memory."""

# A request over HTTP.

HEAD_BYTES_MAX: Final = 8_190
"""Length of a request's first line, and of each of its fields. A key has some 60 bytes, a trace's context 200."""

HEADERS_MAX: Final = 64
"""Fields of a request. A client sends some ten, proxies add as many."""

HEAD_S_MAX: Final = 10
"""How long the head of a request may take to come. It fits in one packet."""

IDLE_S_MAX: Final = 75
"""How long a connection may be idle between two requests. Longer than the minute that proxies and clients keep one."""

UNREAD_S_MAX: Final = 300
"""How long a client may take nothing of its answer. TCP keeps such a connection for ever. At 10 KB a second the buffers
of the kernel hide for two minutes that something is read."""

SENT_BODY_BYTES_MAX: Final = 4 * 1_024 * 1_024
"""Length of a body as it is sent. 10,000 scans with all their fields have 3 MiB."""

BODY_BYTES_MAX: Final = 8 * 1_024 * 1_024
"""Length of a body that was inflated. A compressed body of SENT_BODY_BYTES_MAX may hold more: it is sent in parts."""

ZSTD_WINDOW_BYTES_MAX: Final = 8 * 1_024 * 1_024
"""Window of a zstd frame in a body: what RFC 9659 lets a sender use."""

BODY_GRACE_S: Final = 10
"""How long a body may take to begin."""

BODY_BYTES_PER_S_MIN: Final = 4_096
"""How fast a body must come on average, from then on. A hand-held at the edge of its network sends 10 KB/s."""

BODIES_BYTES_MAX: Final = 256 * 1_024 * 1_024
"""Memory of all bodies that are being read, inflated or answered at once. While Kafka is slow an answer takes seconds,
and a body's records take as much again."""

ANSWERS_MAX: Final = 100_000
"""Answers that are remembered by their `Idempotency-Key`. A thousand devices that send a body each second repeat one
within a minute."""

ANSWERS_BYTES_MAX: Final = 64 * 1_024 * 1_024
"""Length of all remembered answers together. One to a body without a rejected scan has 30 bytes."""

OVERLOADED_RETRY_S: Final = 2
"""When a client may try again that came while there was too much to do."""

# A process.

SECRET_BYTES_MAX: Final = 64 * 1_024
"""Length of a file that holds a secret. A password has some 30 bytes, a token with many claims 8 KiB."""

TOKEN_COMMAND_S_MAX: Final = 10
"""Seconds that a command may take to give a token. It asks a server for one, which takes one second."""

CLAIM_S_MAX: Final = 30
"""How long a partition may be claimed before its worker counts as ill. A claim takes milliseconds, Redis a while."""

JOIN_S_MAX: Final = 90
"""How long a worker may be no member of its group before it counts as ill. A rebalance takes up to a minute."""

LOOP_S_MAX: Final = 30
"""How long a worker's event loop may stand still before the process counts as dead. A fold takes milliseconds."""

STALL_S_MAX: Final = 60
"""How long a partition may apply nothing, with records to apply, before its worker counts as ill."""

END_S_MAX: Final = 8.0
"""How long an orderly end may take after SIGTERM, with Kafka or Redis gone too. Docker kills after 10 s,
Kubernetes after 30."""

REQUEST_S_MAX: Final = 10
"""How long a client of the monitor may take to send its request: each that waits holds a thread."""

UNREAD_SOURCES_MAX: Final = 1_000
"""Pairs of site and device whose unread scans a worker counts apart, three series each; all others count as `other`. A
sorting centre has a few dozen tunnels; what senders call themselves must not fill Prometheus."""

# EPCIS.

EPCIS_BYTES_MAX: Final = 4 * 1_048_576
"""Length of an EPCIS document. An event with sensors has 3 KB; a document of EPCIS_EVENTS_MAX of them fits."""

EPCIS_DEPTH_MAX: Final = 64
"""Nesting of an EPCIS document's JSON. The standard's own fields reach 9 levels; the rest is for extensions."""

EPCIS_EVENTS_MAX: Final = 1_000
"""Events of one document. They are taken in one go, so more of them keep a sender waiting and its neighbours too."""

EPCIS_JOBS_MAX: Final = 10_000
"""Capture jobs that a gateway remembers. Who asks, asks at once; a job takes 1 KB."""

EPCIS_JOBS_BYTES_MAX: Final = 64 * 1_024 * 1_024
"""Length of all of them together. One with EPCIS_ERRORS_MAX errors has some 50 KB."""

EPCIS_PAGE_MAX: Final = 1_000
"""Capture jobs of one page. Without errors one has 300 bytes."""

EPCIS_ERRORS_MAX: Final = 100
"""Errors that one answer or capture job tells. Where a hundred events are wrong, the same is wrong in all."""
