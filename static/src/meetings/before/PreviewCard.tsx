import { DeviceSelect } from "../DeviceSelect.tsx";
import { Icon } from "../Icon.tsx";
import { say } from "../messages.ts";
import { SelfView } from "../SelfView.tsx";
import { useLevel } from "../useLevel.ts";
import type { Preview, Source } from "../usePreview.ts";
import { canChooseSpeaker, playTestSound } from "./testSound.ts";

/** One's own picture, large, with its microphone, camera and loudspeaker beneath. */
export function PreviewCard({ preview }: { preview: Preview }) {
  const { microphone, camera, devices, choice, choose } = preview;
  const level = useLevel<HTMLDivElement>(microphone.state === "on" ? microphone.track : null);
  const microphoneTrouble = troubleWithMicrophone(microphone);
  // What did not start is off: the button tries again.
  const isMicrophoneOn = choice.withMicrophone && microphone.state !== "trouble";
  const isCameraOn = choice.withCamera && camera.state !== "trouble";
  return (
    <section className="preview" aria-label={say("yourPicture")}>
      <div className="preview__picture">
        {camera.state === "on" ? <SelfView track={camera.track} /> : <CameraMessage camera={camera} />}
        <div className="preview__buttons">
          <button
            type="button"
            className={isMicrophoneOn ? "control" : "control control--off"}
            aria-label={isMicrophoneOn ? say("muteMicrophone") : say("unmuteMicrophone")}
            onClick={() => choose({ withMicrophone: !isMicrophoneOn })}
          >
            <Icon name={isMicrophoneOn ? "microphone" : "microphoneOff"} />
          </button>
          <button
            type="button"
            className={isCameraOn ? "control" : "control control--off"}
            aria-label={isCameraOn ? say("stopCamera") : say("startCamera")}
            onClick={() => choose({ withCamera: !isCameraOn })}
          >
            <Icon name={isCameraOn ? "camera" : "cameraOff"} />
          </button>
        </div>
      </div>
      <div className="preview__level" ref={level} role="img" aria-label={say("microphoneLevel")}>
        <span />
      </div>
      <div className="preview__trouble" role="status">
        {microphoneTrouble !== null && <p className="fr-message fr-message--warning">{microphoneTrouble}</p>}
      </div>
      <div className="preview__devices">
        <DeviceSelect
          label={say("microphone")}
          devices={devices.microphones}
          value={choice.microphone}
          onChoose={(microphoneId) => choose({ microphone: microphoneId, withMicrophone: true })}
        />
        <DeviceSelect
          label={say("camera")}
          devices={devices.cameras}
          value={choice.camera}
          onChoose={(cameraId) => choose({ camera: cameraId, withCamera: true })}
        />
        {canChooseSpeaker() && (
          <DeviceSelect
            label={say("speaker")}
            devices={devices.speakers}
            value={choice.speaker}
            systemDevice={say("defaultSpeaker")}
            onChoose={(speaker) => choose({ speaker })}
          />
        )}
        <button type="button" className="fr-btn fr-btn--tertiary fr-btn--sm preview__test" onClick={() => void playTestSound(choice.speaker)}>
          {say("testSpeaker")}
        </button>
      </div>
    </section>
  );
}

function CameraMessage({ camera }: { camera: Source }) {
  if (camera.state === "starting") return <p className="preview__message">{say("cameraStarting")}</p>;
  if (camera.state !== "trouble") return <p className="preview__message">{say("cameraOff")}</p>;
  const title = { refused: say("cameraRefused"), missing: say("cameraMissing"), busy: say("cameraBusy") }[camera.trouble];
  return (
    <div className="preview__message" role="status">
      <p>{title}</p>
      {camera.trouble === "refused" && <p className="preview__hint">{say("refusedHint")}</p>}
    </div>
  );
}

function troubleWithMicrophone(microphone: Source): string | null {
  if (microphone.state !== "trouble") return null;
  return { refused: say("microphoneRefused"), missing: say("microphoneMissing"), busy: say("microphoneBusy") }[microphone.trouble];
}
