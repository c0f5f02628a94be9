import "@blocknote/mantine/style.css";
import "../shared/people/people.css";
import "./document.css";

import { createRoot } from "react-dom/client";

import { Boundary } from "../shared/Boundary.tsx";
import type { DocumentInfo } from "./contract.ts";
import { DocumentPage } from "./DocumentPage.tsx";

const root = document.getElementById("document");
if (root !== null) {
  createRoot(root).render(
    <Boundary>
      <DocumentPage first={JSON.parse(root.dataset["document"] ?? "") as DocumentInfo} />
    </Boundary>,
  );
}
