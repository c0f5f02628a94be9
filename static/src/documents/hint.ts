import { createExtension, type ExtensionOptions } from "@blocknote/core";
import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

const EMPTY_DOCUMENT_SIZE = 6;

/**
 * What an empty line says: as attributes that `document.css` shows. BlockNote's own writes a style element, which the
 * content security policy refuses.
 */
export const hint = createExtension(({ editor, options: words }: ExtensionOptions<{ empty: string; line: string }>) => {
  return {
    key: "hint",
    prosemirrorPlugins: [
      new Plugin({
        key: new PluginKey("hint"),
        props: {
          decorations: ({ doc, selection }) => {
            if (!editor.isEditable || !selection.empty || selection.$from.parent.type.spec.code === true) return null;
            const decorations: Decoration[] = [];
            const isEmptyDocument = doc.content.size === EMPTY_DOCUMENT_SIZE;
            if (isEmptyDocument) decorations.push(Decoration.node(2, 4, { "data-hint": words.empty }));
            const { $anchor } = selection;
            // An empty item of a list has its mark already: the words would stand on it.
            const isEmptyLine = $anchor.parent.type.name === "paragraph" && $anchor.parent.content.size === 0;
            if (!isEmptyDocument && isEmptyLine) {
              const before = $anchor.before();
              decorations.push(Decoration.node(before, before + $anchor.parent.nodeSize, { "data-hint": words.line }));
            }
            return DecorationSet.create(doc, decorations);
          },
        },
      }),
    ],
  } as const;
});
