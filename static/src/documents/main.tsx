import "@blocknote/mantine/style.css";
import "../shared/people/people.css";
import "./document.css";

import { createRoot } from "react-dom/client";

import type { DocumentInfo } from "./contract.ts";
import { DocumentPage } from "./DocumentPage.tsx";

const root = document.getElementById("document");
if (root !== null) createRoot(root).render(<DocumentPage first={JSON.parse(root.dataset["document"] ?? "") as DocumentInfo} />);
