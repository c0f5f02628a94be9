"""Plays scenarios with the stock Python SDK and server API through record.py and leaves one recording each.

    REC=http://127.0.0.1:7900 OUT=recordings python sdk.py     (ONLY=name,name  KEY= SECRET=)
"""
import asyncio, json, os, sys, time
import aiohttp, jwt, numpy as np
from livekit import api, rtc
E = os.environ.get
REC, OUT = E("REC", "http://127.0.0.1:7900"), os.path.abspath(E("OUT", "recordings"))
KEY, SECRET = E("KEY", "devkey"), E("SECRET", "secretsecretsecretsecretsecret12")
def tok(i, room, **g):
    n = int(time.time())
    return jwt.encode({"iss": KEY, "sub": i, "name": "Name of " + i, "nbf": n - 5, "exp": n + 3600, "video": {"room": room, "roomJoin": True, "canPublish": True, "canSubscribe": True, "canPublishData": True, "canUpdateOwnMetadata": True, **g}}, SECRET, algorithm="HS256")
H = None
async def note(**k): await H.post(REC + "/note", json=k)
async def step(s): await note(dir="step", step=s)
def brief(x):
    for a in ("identity", "name", "sid"):
        if hasattr(x, a): return f"{type(x).__name__}:{getattr(x, a)}"
    return str(x)[:120]
EV = "participant_connected participant_disconnected local_track_published local_track_unpublished track_published track_unpublished track_subscribed track_unsubscribed track_subscription_failed track_muted track_unmuted active_speakers_changed room_metadata_changed participant_metadata_changed participant_name_changed participant_attributes_changed participant_permissions_changed connection_quality_changed data_received connection_state_changed connected disconnected reconnecting reconnected data_track_published data_track_unpublished room_updated moved token_refreshed".split()
async def join(i, room, spc, e2ee=False, **g):
    r = rtc.Room()
    for e in EV:
        def cb(*a, e=e):
            asyncio.ensure_future(note(who=i, dir="event", event=e, args=[brief(x) for x in a]))
        try: r.on(e, cb)
        except Exception: pass
    await step(i + " joins")
    o = rtc.RoomOptions(auto_subscribe=True, single_peer_connection=spc)
    if e2ee: o.encryption = rtc.E2EEOptions(key_provider_options=rtc.KeyProviderOptions(shared_key=b"secret"))
    await r.connect(REC.replace("http", "ws"), tok(i, room, **g), options=o); return r
async def av(i, r, codec=rtc.VideoCodec.VP8):
    await step(i + " publishes microphone and camera")
    vs, au = rtc.VideoSource(640, 360), rtc.AudioSource(48000, 1)
    async def feed():
        k = 0
        while True:
            b = np.full((540, 640), 128, np.uint8); b[:360] = (np.add.outer(np.arange(360), np.arange(640)) + k * 5) & 255
            vs.capture_frame(rtc.VideoFrame(640, 360, rtc.VideoBufferType.I420, b.tobytes())); k += 1; await asyncio.sleep(.05)
    async def feeda():
        p = 0
        while True:
            x = (8000 * np.sin(2 * np.pi * 440 * (np.arange(480) + p) / 48000)).astype(np.int16); p += 480
            await au.capture_frame(rtc.AudioFrame(x.tobytes(), 48000, 1, 480))
    t = [asyncio.ensure_future(feed()), asyncio.ensure_future(feeda())]
    a = await r.local_participant.publish_track(rtc.LocalAudioTrack.create_audio_track("mic", au), rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
    v = await r.local_participant.publish_track(rtc.LocalVideoTrack.create_video_track("cam", vs), rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, video_codec=codec, simulcast=True))
    return t, a, v
async def meeting(spc, room):
    A = await join("a", room, spc); B = await join("b", room, spc); t, a, v = await av("a", A); await asyncio.sleep(3)
    await step("a mutes"); a.track.mute(); await asyncio.sleep(.8); a.track.unmute(); await asyncio.sleep(.8)
    await step("a unpublishes its camera"); await A.local_participant.unpublish_track(v.sid); await asyncio.sleep(1.5)
    await step("a sends data"); await A.local_participant.publish_data(b"reliable", reliable=True, topic="t"); await A.local_participant.publish_data(b"lossy", reliable=False); await asyncio.sleep(.8)
    await step("a changes metadata, name, attributes"); await A.local_participant.set_metadata("m"); await A.local_participant.set_name("N"); await A.local_participant.set_attributes({"x": "1"}); await asyncio.sleep(.6)
    await step("b leaves"); await B.disconnect(); await asyncio.sleep(1)
    for x in t: x.cancel()
    await step("a leaves"); await A.disconnect(); await asyncio.sleep(1)
async def streams_and_rpc(spc, room):
    A = await join("a", room, spc); B = await join("b", room, spc)
    async def rd(r, who):
        s = await r.read_all(); await note(who="b", dir="event", event="text_stream", args=[len(s), who])
    B.register_text_stream_handler("t", lambda r, w: asyncio.ensure_future(rd(r, w)))
    async def rb(r, who):
        n = 0
        async for c in r: n += len(c)
        await note(who="b", dir="event", event="byte_stream", args=[n, who])
    B.register_byte_stream_handler("f", lambda r, w: asyncio.ensure_future(rb(r, w)))
    @B.local_participant.register_rpc_method("double")
    async def double(d): return str(2 * int(d.payload))
    await asyncio.sleep(.5)
    await step("a sends text"); await A.local_participant.send_text("bonjour", topic="t"); await A.local_participant.send_text("é" * 40000, topic="t"); await asyncio.sleep(.7)
    await step("a streams bytes"); w = await A.local_participant.stream_bytes("x.bin", topic="f"); await w.write(b"z" * 50000); await w.aclose(); await asyncio.sleep(.7)
    for m, p in (("double", "21"), ("unknown", "")):
        await step(f"a calls {m} on b")
        try: await note(dir="result", result=await A.local_participant.perform_rpc(destination_identity="b", method=m, payload=p))
        except Exception as e: await note(dir="result", result=[getattr(e, "code", None), str(e)])
    await A.disconnect(); await B.disconnect(); await asyncio.sleep(1)
async def data_tracks(spc, room):
    A = await join("a", room, spc); B = await join("b", room, spc); got = []
    @B.on("data_track_published")
    def _(t):
        async def rd():
            async for f in t.subscribe(): got.append(len(f.payload))
        asyncio.ensure_future(rd())
    await step("a publishes a data track"); t = await A.local_participant.publish_data_track(name="pose"); await asyncio.sleep(1)
    await step("a pushes 50 frames of 100 to 30,000 bytes")
    for i in range(50):
        try: t.try_push(rtc.DataTrackFrame(payload=b"q" * (100 if i % 10 else 30000)))
        except Exception as e: await note(dir="result", result=repr(e))
        await asyncio.sleep(.03)
    await asyncio.sleep(1); await note(who="b", dir="result", result=got)
    await step("a unpublishes it"); await t.unpublish(); await asyncio.sleep(1); await A.disconnect(); await B.disconnect(); await asyncio.sleep(1)
async def scenarios(spc, room):
    from livekit.rtc._proto import room_pb2
    A = await join("a", room, spc); B = await join("b", room, spc); t, a, v = await av("b", B); await asyncio.sleep(2)
    K = room_pb2.SimulateScenarioKind
    for n, k in K.items():
        await step("b simulates " + n)
        try: await asyncio.wait_for(B.simulate_scenario(k), 8)
        except Exception as e: await note(who="b", dir="result", result=repr(e))
        await asyncio.sleep(6); await note(who="b", dir="result", result=[str(B.connection_state), [len(p.track_publications) for p in A.remote_participants.values()]])
    for x in t: x.cancel()
    await A.disconnect(); await B.disconnect(); await asyncio.sleep(1)
async def encrypted(spc, room):
    A = await join("a", room, spc, e2ee=True); B = await join("b", room, spc, e2ee=True); t, a, v = await av("a", A); await asyncio.sleep(3); await A.local_participant.publish_data(b"hidden", reliable=True); await asyncio.sleep(.8)
    for x in t: x.cancel()
    await A.disconnect(); await B.disconnect(); await asyncio.sleep(1)
async def room_service(spc, room):
    L = api.LiveKitAPI(REC, KEY, SECRET); R = L.room
    async def do(n, c):
        await step(n)
        try: await c
        except Exception as e: await note(dir="result", result=[type(e).__name__, getattr(e, "code", None), getattr(e, "status", None), str(e)[:200]])
    await do("create", R.create_room(api.CreateRoomRequest(name=room, empty_timeout=30, max_participants=5, metadata="m"))); await do("list", R.list_rooms(api.ListRoomsRequest()))
    A = await join("a", room, spc); t, a, v = await av("a", A); await asyncio.sleep(1.5)
    await do("participants", R.list_participants(api.ListParticipantsRequest(room=room))); await do("participant", R.get_participant(api.RoomParticipantIdentity(room=room, identity="a"))); await do("nobody", R.get_participant(api.RoomParticipantIdentity(room=room, identity="zz")))
    await do("mute", R.mute_published_track(api.MuteRoomTrackRequest(room=room, identity="a", track_sid=a.sid, muted=True))); await do("update", R.update_participant(api.UpdateParticipantRequest(room=room, identity="a", name="N", metadata="m", attributes={"k": "v"}, permission=api.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=False))))
    await do("subscriptions", R.update_subscriptions(api.UpdateSubscriptionsRequest(room=room, identity="a", track_sids=[v.sid], subscribe=False))); await do("data", R.send_data(api.SendDataRequest(room=room, data=b"x", kind=0, topic="t"))); await do("room metadata", R.update_room_metadata(api.UpdateRoomMetadataRequest(room=room, metadata="z")))
    await do("remove", R.remove_participant(api.RoomParticipantIdentity(room=room, identity="a"))); await asyncio.sleep(1); await do("delete", R.delete_room(api.DeleteRoomRequest(room=room))); await do("delete again", R.delete_room(api.DeleteRoomRequest(room=room)))
    await do("track egress", L.egress.start_track_egress(api.TrackEgressRequest(room_name=room, track_id="TR_x", websocket_url="ws://127.0.0.1:1/"))); await do("list egress", L.egress.list_egress(api.ListEgressRequest()))
    for x in t: x.cancel()
    await A.disconnect(); await L.aclose()
async def main():
    global H; H = aiohttp.ClientSession(); only = [x for x in os.environ.get("ONLY", "").split(",") if x]
    for spc in [spc for spc, mode in ((True, "python-v1"), (False, "python-v0")) if mode in os.environ.get("MODES", mode)]:
        d = f"{OUT}/python-{'v1' if spc else 'v0'}"; os.makedirs(d, exist_ok=True)
        for f in (meeting, streams_and_rpc, data_tracks, encrypted, scenarios, room_service):
            if only and f.__name__ not in only: continue
            await H.post(REC + f"/begin?file={d}/{f.__name__}.jsonl"); t = time.time()
            try: await asyncio.wait_for(f(spc, f"{f.__name__}-{spc}"), 120)
            except Exception as e: print(spc, f.__name__, "FAILED", repr(e))
            await asyncio.sleep(4); print(d, f.__name__, round(time.time() - t), os.path.getsize(f"{d}/{f.__name__}.jsonl"), flush=True)
    await H.post(REC + "/begin"); await H.close()
asyncio.run(main())
