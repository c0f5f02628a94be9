import "../shared/people/people.css";
import "./chat.css";

import { createRoot } from "react-dom/client";

import { Boundary } from "../shared/Boundary.tsx";
import { ChatPage } from "./ChatPage.tsx";

const root = document.getElementById("chat");
if (root !== null) {
  createRoot(root).render(
    <Boundary>
      <ChatPage viewerId={root.dataset["viewerId"] ?? ""} />
    </Boundary>,
  );
}
