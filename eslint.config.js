import eslint from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import typescript from "typescript-eslint";

const configuration = typescript.config(
  { ignores: ["static/dist", "node_modules", "var"] },
  eslint.configs.recommended,
  {
    files: ["static/**/*.{ts,tsx}", "*.config.ts"],
    extends: [...typescript.configs.strictTypeChecked, ...typescript.configs.stylisticTypeChecked],
    plugins: { "react-hooks": reactHooks },
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      ...reactHooks.configs.recommended.rules,
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // A promise that a component starts and leaves handles its own errors; `void` says so.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "max-lines": ["error", { max: 400 }],
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Export by name: one word for one thing, everywhere." },
      ],
    },
  },
  { files: ["*.config.js", "provider/**/*.{js,mjs}"], languageOptions: { globals: globals.node } },
  { files: ["static/public/*.js"], languageOptions: { globals: globals.browser, sourceType: "script" } },
);

export { configuration as default };
