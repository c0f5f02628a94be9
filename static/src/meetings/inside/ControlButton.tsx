import { Icon, type IconName } from "../Icon.tsx";

interface Props {
  icon: IconName;
  /** The accessible name, in words. */
  label: string;
  onPress: () => void;
  shortcut?: string;
  className?: string;
  isOff?: boolean;
  isOn?: boolean;
  badge?: number;
  badgeLabel?: string;
  badgeKind?: "alert" | "count";
  /** Shows the label beside the drawing where there is room. */
  hasWords?: boolean;
}

/** A button of the bar: a drawing, a name, a hint on hover. */
export function ControlButton(props: Props) {
  const { icon, label, onPress, shortcut, className = "", badge = 0, badgeLabel = "", badgeKind = "alert", hasWords } = props;
  const classes = ["control", className, props.isOff === true ? "control--off" : "", props.isOn === true ? "control--on" : ""];
  return (
    <button
      type="button"
      className={classes.join(" ").replace(/ +/g, " ").trim()}
      aria-label={badge > 0 && badgeLabel !== "" ? `${label}, ${badgeLabel}` : label}
      data-hint={shortcut === undefined ? label : `${label}\n${shortcut}`}
      data-badge={badge > 0 ? badge : undefined}
      data-badge-kind={badgeKind}
      onClick={onPress}
    >
      <Icon name={icon} />
      {hasWords === true && <span className="control__words">{label}</span>}
    </button>
  );
}
