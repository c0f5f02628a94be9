import { ConnectionQuality, Track, type Participant, type Room, type VideoTrack } from "livekit-client";

import type { Person } from "../contract.ts";
import { say } from "../messages.ts";

/** What one tile shows. */
export interface TileView {
  key: string;
  identity: string;
  name: string;
  /** Whose initials and colour stand for them: the name without which device it is. */
  person: string;
  isMe: boolean;
  isScreen: boolean;
  /** null: no picture, the name's initials stand for it. */
  track: VideoTrack | null;
  isMuted: boolean;
  isSpeaking: boolean;
  isLost: boolean;
  /** Several people at this microphone. */
  isShared: boolean;
}

/** The room's tiles: the others' screens, then people in the order of their coming, oneself first. */
export function tilesOf(room: Room, people: readonly Person[]): { screens: TileView[]; faces: TileView[] } {
  const known = new Map(people.map((person) => [person.participation_id, person]));
  const remote = inOrder([...room.remoteParticipants.values()], people);
  const everyone: Participant[] = [room.localParticipant, ...remote];
  return {
    screens: remote.flatMap((participant) => screenOf(participant, known.get(participant.identity))),
    faces: everyone.map((participant) => faceOf(participant, known.get(participant.identity))),
  };
}

/** As Suite lists people, by when each first came: a line that is made anew moves nobody. Whom it does not list yet stands behind. */
export function inOrder<Known extends Pick<Participant, "identity" | "joinedAt">>(participants: readonly Known[], people: readonly Person[]): Known[] {
  const places = new Map(people.map((person, index) => [person.participation_id, index]));
  const placeOf = ({ identity }: Known) => places.get(identity) ?? people.length;
  const cameAt = ({ joinedAt }: Known) => joinedAt?.getTime() ?? 0;
  return [...participants].sort((a, b) => placeOf(a) - placeOf(b) || cameAt(a) - cameAt(b));
}

function faceOf(participant: Participant, person: Person | undefined): TileView {
  const camera = participant.getTrackPublication(Track.Source.Camera);
  return {
    key: participant.isLocal ? "me" : participant.identity,
    identity: participant.identity,
    name: nameOf(participant, person),
    person: person?.name ?? nameOf(participant, person),
    isMe: participant.isLocal,
    isScreen: false,
    track: camera !== undefined && !camera.isMuted ? (camera.videoTrack ?? null) : null,
    isMuted: !participant.isMicrophoneEnabled,
    isSpeaking: participant.isSpeaking && participant.isMicrophoneEnabled,
    isLost: participant.connectionQuality === ConnectionQuality.Lost,
    isShared: person?.shared_microphone ?? false,
  };
}

function screenOf(participant: Participant, person: Person | undefined): TileView[] {
  const track = participant.getTrackPublication(Track.Source.ScreenShare)?.videoTrack;
  if (track === undefined) return [];
  const view = faceOf(participant, person);
  return [{ ...view, key: `${view.key}/screen`, name: say("screenOf", { name: view.name }), isScreen: true, track, isSpeaking: false }];
}

/** The name that Suite knows; a device's own word only where it knows none yet. */
export function nameOf(participant: Pick<Participant, "name">, person: Person | undefined): string {
  if (person !== undefined) return person.device > 1 ? say("furtherDevice", { name: person.name, number: person.device }) : person.name;
  return participant.name !== undefined && participant.name !== "" ? participant.name : say("someone");
}
