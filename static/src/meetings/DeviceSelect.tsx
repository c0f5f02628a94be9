import { useId } from "react";

import { say } from "./messages.ts";

interface Props {
  label: string;
  devices: readonly MediaDeviceInfo[];
  value: string;
  onChoose: (deviceId: string) => void;
  /** What the first entry says where the system's own device can be had. */
  systemDevice?: string;
}

/** A device, by its readable name. */
export function DeviceSelect({ label, devices, value, onChoose, systemDevice }: Props) {
  const id = useId();
  const isKnown = devices.some(({ deviceId }) => deviceId === value);
  return (
    <div className="device">
      <label className="device__label" htmlFor={id}>
        {label}
      </label>
      <select
        id={id}
        className="fr-select device__select"
        value={isKnown ? value : (devices[0]?.deviceId ?? "")}
        disabled={devices.length === 0}
        onChange={(event) => onChoose(event.target.value)}
      >
        {devices.length === 0 && <option value="">{systemDevice ?? say("noDevice")}</option>}
        {devices.map((device, index) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || say("deviceNumber", { number: index + 1 })}
          </option>
        ))}
      </select>
    </div>
  );
}
