import "./meeting.css";

import { createRoot } from "react-dom/client";

import { Boundary } from "../shared/Boundary.tsx";
import { MeetingApp } from "./MeetingApp.tsx";

const root = document.getElementById("meeting");
if (root !== null) {
  createRoot(root).render(
    <Boundary>
      <MeetingApp slug={root.dataset["slug"] ?? ""} mediaUrl={root.dataset["mediaUrl"] ?? ""} />
    </Boundary>,
  );
}
