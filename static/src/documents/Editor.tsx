import { BlockNoteSchema, defaultBlockSpecs } from "@blocknote/core";
import { filterSuggestionItems } from "@blocknote/core/extensions";
import { en, fr } from "@blocknote/core/locales";
import { BlockNoteView } from "@blocknote/mantine";
import { getDefaultReactSlashMenuItems, SuggestionMenuController, useCreateBlockNote } from "@blocknote/react";
import { MantineProvider } from "@mantine/core";

import { pageLanguage } from "../shared/catalogue.ts";
import type { Me } from "./contract.ts";
import { hint } from "./hint.ts";
import { say } from "./messages.ts";
import type { DocumentSession } from "./session.ts";
import { useDarkTheme } from "./useDarkTheme.ts";

// Files, pictures, sound and video come with the files app: a block that cannot be filled is not offered.
const { paragraph, heading, bulletListItem, numberedListItem, checkListItem, toggleListItem, quote, codeBlock, divider, table } =
  defaultBlockSpecs;
const schema = BlockNoteSchema.create({
  blockSpecs: { paragraph, heading, bulletListItem, numberedListItem, checkListItem, toggleListItem, quote, codeBlock, divider, table },
});

interface Props {
  session: DocumentSession;
  me: Me;
  isEditable: boolean;
}

/** The text, as BlockNote shows it. */
export function Editor({ session, me, isEditable }: Props) {
  const isDark = useDarkTheme();
  const editor = useCreateBlockNote(
    {
      schema,
      dictionary: pageLanguage() === "en" ? en : fr,
      collaboration: {
        fragment: session.fragment,
        provider: session.provider,
        user: { name: me.name, color: me.color }, // others are told what the server knows of us
        showCursorLabels: "activity",
      },
      disableExtensions: ["placeholder"],
      extensions: [hint({ empty: say("hint"), line: say("lineHint") })],
      domAttributes: { editor: { "aria-label": say("text") } },
      // No style element: document.css has ProseMirror's own rules.
      _tiptapOptions: { injectCSS: false },
    },
    [session],
  );
  return (
    <MantineProvider withCssVariables={false} withGlobalClasses={false} getRootElement={() => undefined}>
      <BlockNoteView editor={editor} editable={isEditable} theme={isDark ? "dark" : "light"} slashMenu={false} emojiPicker={false} filePanel={false} comments={false}>
        <SuggestionMenuController
          triggerCharacter="/"
          getItems={(query) => {
            const items = getDefaultReactSlashMenuItems(editor).filter((item) => !("key" in item && item.key === "emoji"));
            return Promise.resolve(filterSuggestionItems(items, query));
          }}
        />
      </BlockNoteView>
    </MantineProvider>
  );
}
