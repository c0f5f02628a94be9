import "../shared/people/people.css";
import "./chat.css";

import { createRoot } from "react-dom/client";

import { ChatPage } from "./ChatPage.tsx";

const root = document.getElementById("chat");
if (root !== null) createRoot(root).render(<ChatPage viewerId={root.dataset["viewerId"] ?? ""} />);
