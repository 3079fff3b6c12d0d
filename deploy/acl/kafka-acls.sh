#!/bin/sh
# Gives each process the permissions that it uses in Kafka, and no other. Kafka's kafka-acls.sh must be on the PATH.
#
#   KAFKA=broker:9093 ADMIN=admin.properties deploy/acl/kafka-acls.sh
#
# KAFKA is the address of a broker, ADMIN a file of settings of a user that may alter ACLs. The names of topics and group
# are those of TRACKER_TOPIC, TRACKER_REJECTED_TOPIC, TRACKER_KEYS_TOPIC and TRACKER_GROUP; INIT, WORKER, SENDER, OPERATOR,
# READER, GATEWAY and KEYS are the principals. `Read` and `Write` imply `Describe`. Before Kafka 2.8 who sends needs `IdempotentWrite` on the cluster too.
set -eu

: "${KAFKA:?the address of a broker}" "${ADMIN:?a file of settings of a user that may alter ACLs}"
scans=${TRACKER_TOPIC:-scans}
rejected=${TRACKER_REJECTED_TOPIC:-scans.rejected}
keys=${TRACKER_KEYS_TOPIC:-tracker.keys}
group=${TRACKER_GROUP:-tracker}

allow() {
    principal=$1
    shift
    kafka-acls.sh --bootstrap-server "$KAFKA" --command-config "$ADMIN" --add --allow-principal "$principal" "$@"
}

# tracker init: makes the topics, or compares the settings of those that are there.
init=${INIT:-User:tracker-init}
allow "$init" --operation Create --operation Describe --operation DescribeConfigs --topic "$scans"
allow "$init" --operation Create --operation Describe --operation DescribeConfigs --topic "$rejected"
allow "$init" --operation Create --operation Describe --operation DescribeConfigs --topic "$keys"

# tracker worker: reads scans, sends some on to their own partition, and announces labels there; writes what it rejects.
worker=${WORKER:-User:tracker-worker}
allow "$worker" --operation Read --operation Write --topic "$scans"
allow "$worker" --operation Write --topic "$rejected"
allow "$worker" --operation Read --group "$group"

# Whoever sends scans: scanners, tracker replay, tracker simulate.
sender=${SENDER:-User:tracker-sender}
allow "$sender" --operation Write --topic "$scans"

# Whoever looks: tracker why, tracker rejected list and show.
reader=${READER:-User:tracker-reader}
allow "$reader" --operation Read --topic "$scans"
allow "$reader" --operation Read --topic "$rejected"

# Whoever decides: tracker accept-loss and rebuild, which see how far the log goes; tracker rejected replay, which sends
# scans again and notes beside the rejected ones that it did; tracker replay --wait, which sees what became of its scans.
operator=${OPERATOR:-User:tracker-operator}
allow "$operator" --operation Read --operation Write --topic "$scans"
allow "$operator" --operation Read --operation Write --topic "$rejected"

# tracker gateway: writes scans and what it rejects; reads who may send.
gateway=${GATEWAY:-User:tracker-gateway}
allow "$gateway" --operation Write --topic "$scans"
allow "$gateway" --operation Write --topic "$rejected"
allow "$gateway" --operation Read --topic "$keys"

# Whoever decides who may send: tracker keys.
keeper=${KEYS:-User:tracker-keys}
allow "$keeper" --operation Read --operation Write --topic "$keys"
