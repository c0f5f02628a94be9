#!/usr/bin/env python3
"""Says what a recording of one scenario lacks beside the reference: compare.py REFERENCE.jsonl OURS.jsonl [ACCEPTED]

Compared step by step: events that each client fired, answers to calls, whether each video decoded, HTTP statuses and
error codes, webhooks, signalling messages with the fields that matter (who is there with which tracks, mutes,
permissions and metadata; reasons; grants; layers asked for), data packets received. Not compared: times, ids, SDP,
picture sizes, quality and speaker levels: assert those in tests of your own. ACCEPTED is a file of facts, one a line,
that ours means to lack. Exit status 1 where a fact of the reference is missing.
"""
import json
import lzma
import re
import sys

NOISE = {"activeSpeakersChanged", "connectionQualityChanged", "activeDeviceChanged", "localAudioSilenceDetected",
         "localTrackUnpublished", "active_speakers_changed", "connection_quality_changed", "local_track_unpublished",
         "audioPlaybackChanged", "videoPlaybackChanged", "mediaDevicesChanged", "mediaDevicesError",
         "dcBufferStatusChanged", "signalConnected"}
# The Python SDK takes over a participant's whole new state and then says what was before: where two updates come
# together, that is by chance what is now.
BEFORE_BY_CHANCE = {"participant_name_changed", "participant_metadata_changed"}
QUIET_MESSAGES = {"pong", "pong_resp", "trickle", "stream_state_update", "speakers_changed"}
ID = re.compile(r"\b(?:PA|TR|RM|DTR|EG|ND|DT)_[A-Za-z0-9]+|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


def clean(value):
    """Ids, times and frame counts do not count; a video decodes or it does not."""
    if isinstance(value, str):
        return ID.sub("ID", value)
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items() if k not in ("sid", "timestamp", "id", "ver", "nonce")}
    if isinstance(value, list):
        if len(value) == 3 and all(type(v) is int for v in value) and (value == [0, 0, 0] or value[0] > 100):
            return "decodes" if value[0] and value[2] else "no picture"
        return [clean(v) for v in value]
    return value


def short(value):
    return json.dumps(clean(value), ensure_ascii=False, sort_keys=True)[:300]


def person(p):
    """A participant as another one knows it."""
    tracks = sorted(t.get("source", "?") + ("/muted" if t.get("muted") else "") + ("/encrypted" if t.get("encryption") else "") for t in p.get("tracks", []))
    return f"{p.get('identity')} {p.get('state', 'JOINING')} {tracks} {short(p.get('permission'))} name={p.get('name', '')} metadata={p.get('metadata', '')[:40]} {short(p.get('attributes', {}))} {p.get('disconnect_reason', '')}".rstrip()


def fields(kind, body):
    """What of a server's message matters, as texts; one message may say several things."""
    if kind == "join":
        yield f"room={body['room']['name']} me={body['participant']['identity']} others={sorted(p['identity'] for p in body.get('other_participants', []))} subscriber_primary={body.get('subscriber_primary')} ping={body.get('ping_interval')}/{body.get('ping_timeout')}"
    elif kind in ("track_published", "mute", "request_response", "subscription_permission_update", "leave", "subscription_response"):
        track = body.get("track", {})
        keep = {k: body[k] for k in ("muted", "reason", "action", "allowed", "err", "message") if k in body}
        yield short({**keep, **{k: track[k] for k in ("source", "type", "name", "simulcast", "muted") if k in track}})
    elif kind == "refresh_token":
        yield short(body.get("claims", {}).get("video"))
    elif kind == "subscribed_quality_update":
        yield short([[q.get("quality", "LOW"), q.get("enabled", False)] for q in body.get("subscribed_qualities", [])])
    elif kind == "room_update":
        yield f"metadata={body.get('room', {}).get('metadata', '')[:60]}"
    elif kind == "connection_quality":
        yield "for " + ("somebody" if body.get("updates") else "nobody")
    else:
        yield ""


def seen(line, owner):
    """The comparable facts of one line."""
    where, who = line["dir"], line.get("who", "")
    if where == "event" and line["event"] not in NOISE:
        args = line["args"][:3] if line["event"] == "connectError" else line["args"]  # the rest is free text
        if line["event"] in BEFORE_BY_CHANCE:
            args = [args[0], args[-1]]
        yield f"{who} event {line['event']} {short(args)[:160]}"
    elif where == "result":
        yield f"{who} result {short(line.get('result'))[:160]}"
    elif where == "http":
        code = line["response"].get("code", "") if isinstance(line["response"], dict) else ""
        yield f"http {line['method']} {clean(line['path'])} -> {line['status']} {code}"
    elif where == "webhook":
        body = line["body"]
        yield f"webhook {body['event']} participant={body.get('participant', {}).get('identity', '')} source={body.get('track', {}).get('source', '')}"
    elif where == "refused":
        yield f"signalling refused {line['status']}"
    elif where == "s>c" and "msg" in line:
        for kind, body in line["msg"].items():
            if kind not in QUIET_MESSAGES and kind != "update":
                for text in fields(kind, body):
                    yield f"{owner.get(line['conn'], line['conn'])} got {kind} {text}".rstrip()
    elif where == "data<" and "packet" in line:
        packet = line["packet"]
        kind = next((k for k in packet if k not in ("participant_identity", "participant_sid", "destination_identities", "kind", "sequence")), "?")
        yield f"{who} data {line['label']} {kind} from {clean(packet.get('participant_identity', ''))}"


def steps(path):
    owner, room, now, found = {}, None, "start", {}
    known, before = {}, {}  # (who, whom) -> person: now, and when the step began

    def settle():
        """What each one knows of the others when a step ends, where it changed."""
        for (who, whom), text in known.items():
            if before.get((who, whom)) != text:
                found.setdefault(now, {})[f"{who} knows {text}"] = 1
        before.update(known)

    opened = lzma.open if str(path).endswith(".xz") else open
    with opened(path, "rt", encoding="utf-8") as text:
        lines = [json.loads(raw) for raw in text]
    last = max((i for i, line in enumerate(lines) if line["dir"] == "step"), default=0)
    for i, line in enumerate(lines):
        if i > last and line["dir"] == "c>s" and "leave" in line.get("msg", {}):
            break  # the pages close: what follows is chance
        if line["dir"] == "step":
            settle()
            now = line["step"]
        elif line["dir"] == "s>c" and ("update" in line.get("msg", {}) or "join" in line.get("msg", {})):
            who, message = owner.get(line["conn"]), line["msg"]
            for p in message.get("update", {}).get("participants", []) + message.get("join", {}).get("other_participants", []):
                known[who, p.get("identity")] = person(p)
        elif line["dir"] == "open":
            token = (line.get("query") or {}).get("access_token") or line.get("auth") or {}
            claims = token.get("claims") or {}
            owner[line["conn"]] = claims.get("sub", line["conn"])
            room = room or claims.get("video", {}).get("room")
        elif line["dir"] == "webhook" and room and not line["body"].get("room", {}).get("name", "").startswith(room):
            continue  # late news of another scenario
        for fact in seen(line, owner):
            found.setdefault(now, {}).setdefault(fact, 0)
            found[now][fact] += 1
    settle()
    return found


def missing(reference, ours):
    """The facts of the reference that ours has in no step, each with the step that it belongs to."""
    reference, ours = steps(reference), steps(ours)
    reference.pop("start", None)  # the end of the scenario before
    everywhere = {f for facts in ours.values() for f in facts}
    return [(step, fact) for step, facts in reference.items() for fact in facts if fact not in everywhere]


def main():
    reference, ours = steps(sys.argv[1]), steps(sys.argv[2])
    accepted = {a.rstrip("\n") for a in open(sys.argv[3], encoding="utf-8")} if len(sys.argv) > 3 else set()
    reference.pop("start", None)  # the end of the scenario before
    everywhere = {f for facts in ours.values() for f in facts}
    missing = elsewhere = extra = 0
    for step, facts in reference.items():
        lost = [f for f in facts if f not in everywhere and f not in accepted]
        late = [f for f in facts if f in everywhere and f not in ours.get(step, {})]
        new = [f for f in ours.get(step, {}) if f not in facts and not any(f in other for other in reference.values())]
        if lost or new or late:
            print(f"== {step}")
            for fact in lost:
                print("  missing ", fact)
            for fact in new:
                print("  other   ", fact)
            for fact in late:
                print("  moved   ", fact)
        missing, extra, elsewhere = missing + len(lost), extra + len(new), elsewhere + len(late)
    total = sum(len(f) for f in reference.values())
    print(f"{total} facts in the reference, {missing} missing, {elsewhere} in another step, {extra} that it does not have")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
