import { RoomEvent, type Room } from "livekit-client";
import { useEffect, useState } from "react";

import { canChooseSpeaker } from "../before/testSound.ts";
import { DeviceSelect } from "../DeviceSelect.tsx";
import { NO_DEVICES, listDevices, readChoice, saveChoice, type DeviceList } from "../devices.ts";
import { shownKeys } from "../inside/useShortcuts.ts";
import { say } from "../messages.ts";
import { Panel } from "./Panel.tsx";

interface Props {
  room: Room;
  onTrouble: (sentence: string) => void;
  onClose: () => void;
}

/** Another microphone, camera or loudspeaker in mid-meeting; the shortcuts. */
export function SettingsPanel({ room, onTrouble, onClose }: Props) {
  const [devices, setDevices] = useState<DeviceList>(NO_DEVICES);
  const [choice, setChoice] = useState(readChoice);

  useEffect(() => {
    const relist = () => void listDevices().then(setDevices);
    relist();
    room.on(RoomEvent.MediaDevicesChanged, relist);
    return () => {
      room.off(RoomEvent.MediaDevicesChanged, relist);
    };
  }, [room]);

  const choose = (kind: MediaDeviceKind, deviceId: string) => {
    const field = ({ audioinput: "microphone", videoinput: "camera", audiooutput: "speaker" } as const)[kind];
    const next = { ...choice, [field]: deviceId };
    setChoice(next);
    saveChoice(next);
    room.switchActiveDevice(kind, deviceId).catch(() => onTrouble(say("deviceFailed")));
  };
  return (
    <Panel title={say("settings")} onClose={onClose}>
      <div className="settings">
        <DeviceSelect label={say("microphone")} devices={devices.microphones} value={choice.microphone} onChoose={(id) => choose("audioinput", id)} />
        <DeviceSelect label={say("camera")} devices={devices.cameras} value={choice.camera} onChoose={(id) => choose("videoinput", id)} />
        {canChooseSpeaker() && (
          <DeviceSelect
            label={say("speaker")}
            devices={devices.speakers}
            value={choice.speaker}
            systemDevice={say("defaultSpeaker")}
            onChoose={(id) => choose("audiooutput", id)}
          />
        )}
        <h3>{say("shortcuts")}</h3>
        <dl className="settings__shortcuts">
          <dt>{say("shortcutMicrophone")}</dt>
          <dd>
            <kbd>{shownKeys("microphone")}</kbd>
          </dd>
          <dt>{say("shortcutCamera")}</dt>
          <dd>
            <kbd>{shownKeys("camera")}</kbd>
          </dd>
          <dt>{say("shortcutChat")}</dt>
          <dd>
            <kbd>{shownKeys("chat")}</kbd>
          </dd>
          <dt>{say("shortcutPeople")}</dt>
          <dd>
            <kbd>{shownKeys("people")}</kbd>
          </dd>
        </dl>
      </div>
    </Panel>
  );
}
